"""Bytes that strangers may send: for each a function that puts them into a submission."""

import json
import os
import pickle
import zipfile
from io import BytesIO

from tests.submissions import load, relisted, store


class Touch:
    """Would make a file, were it ever unpickled."""

    def __reduce__(self):
        return (os.system, ("touch sentinel",))


def _zip():
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("../../sentinel", "x")
    return made.getvalue()


def written(name, content):
    def put(folder):
        (folder / name).write_bytes(content)

    return put


def linked(name, target):
    def put(folder):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)

    return put


def changed(name, change):
    """JSON that was read, changed and listed in the manifest again."""

    def put(folder):
        value = load(folder, name)
        change(value)
        store(folder, name, value)
        relisted(folder)

    return put


def inside(name, old, new):
    """One piece of a file's text exchanged for another."""

    def put(folder):
        text = (folder / name).read_bytes()
        assert old in text
        (folder / name).write_bytes(text.replace(old, new, 1))
        relisted(folder)

    return put


def said(field, text):
    return changed("submission.json", lambda value: value.update({field: text}))


def of_run(field, value):
    return changed("run-0.json", lambda run: run.update({field: value}))


def hard_link(folder):
    os.link(folder / "run-0.json", folder / "run-3.json")


def pipe(folder):
    (folder / "run-0.json").unlink()
    os.mkfifo(folder / "run-0.json")


def subfolder(folder):
    (folder / "run-3.json").mkdir()


def sparse(folder):
    with (folder / "run-0.json").open("wb") as file:
        file.truncate(4 * 2**30)


def many_files(folder):
    for number in range(500):
        (folder / f"run-{number}.json").write_text("{}")


def million_units(folder):
    run = load(folder, "run-0.json")
    run["sheets"][0]["outcomes"] = ["ok"] * 10**6
    store(folder, "run-0.json", run)
    relisted(folder)


def many_units(folder):
    run = load(folder, "run-0.json")
    run["sheets"][0]["utility"] = [0] * 10**6
    store(folder, "run-0.json", run)
    relisted(folder)


def twenty_sheets(run):
    run["sheets"] = run["sheets"] * 40


_MADE = b'"made": "'
REJECTED = {
    "a link to a file": linked("run-0.json", "/etc/passwd"),
    "a link out of the folder": linked("prompts.json", "../../../etc/hostname"),
    "a link to a device": linked("run-0.json", "/dev/zero"),
    "a hard link": hard_link,
    "a pipe": pipe,
    "a folder instead of a file": subfolder,
    "a file of 4 GiB of nothing": sparse,
    "500 files": many_files,
    "a hidden file": written(".env", b"TOKEN=1"),
    "a script": written("run.py", b"import os\nos.system('touch sentinel')\n"),
    "a config with a target": written("config.yaml", b"_target_: os.system\n"),
    "a run with a strange number": written("run-01x.json", b"{}"),
    "a run with a number of other digits": written("run-\u0663.json", b"{}"),
    "a name that climbs": written("..%2fsentinel", b"x"),
    "a zip as JSON": written("run-0.json", _zip()),
    "a pickle as JSON": written("run-0.json", pickle.dumps(Touch())),
    "YAML as JSON": written("run-0.json", b"a: &a [x]\nb: *a\n"),
    "YAML with a tag": written("run-0.json", b"!!python/object/apply:os.system ['touch sentinel']"),
    "billion laughs": written("run-0.json", b"a: &a [l,l]\nb: &b [*a,*a]\nc: [*b,*b]\n"),
    "nothing at all": written("run-0.json", b""),
    "a NUL": written("run-0.json", b"{\x00}"),
    "NUL in a text": said("note", "a\x00b"),
    "a byte order mark": inside("run-0.json", b"{", b"\xef\xbb\xbf{"),
    "UTF-16": written("run-0.json", '{"a": 1}'.encode("utf-16")),
    "invalid UTF-8": inside("submission.json", _MADE, b'"note": "\xff\xfe", ' + _MADE),
    "overlong UTF-8": inside("submission.json", _MADE, b'"note": "\xc0\xaf", ' + _MADE),
    "a lone surrogate": inside("submission.json", _MADE, b'"note": "\\ud800", ' + _MADE),
    "depth of a million lists": written("run-0.json", b"[" * 10**6),
    "depth of a million objects": written("run-0.json", b'{"a":' * 500_000),
    "closed depth": written("run-0.json", b"[" * 200_000 + b"]" * 200_000),
    "an integer of 5,000 digits": of_run("seed", int("9" * 4000)),
    "an integer of very many digits": inside("run-0.json", b'"seed": 0', b'"seed": ' + b"9" * 5000),
    "a negative seed": of_run("seed", -1),
    "a seed with a point": of_run("seed", 0.5),
    "a seed in words": of_run("seed", "0"),
    "a seed that is true": of_run("seed", True),
    "NaN": inside("run-0.json", b'"dollars": 0.0', b'"dollars": NaN'),
    "Infinity": inside("run-0.json", b'"dollars": 0.0', b'"dollars": -Infinity'),
    "a number beyond all": inside("run-0.json", b'"dollars": 0.0', b'"dollars": 1e999'),
    "negative dollars": of_run("dollars", -1.0),
    "a double key": inside("submission.json", _MADE, b'"contact": "nobody", ' + _MADE),
    "a double key that is escaped": inside(
        "submission.json", _MADE, b'"n\\u0061me": "x", ' + _MADE
    ),
    "a field nobody knows": said("comment", "hello"),
    "a prototype": said("__proto__", {"polluted": True}),
    "a list instead of an object": written("submission.json", b"[]"),
    "a text instead of an object": written("submission.json", b'"submission"'),
    "a comment": inside("submission.json", b"{", b"{ // a comment\n"),
    "a trailing comma": inside("submission.json", b"}", b",}"),
    "two documents": written("submission.json", b"{}{}"),
    "a text that runs backwards": said("note", "abc\u202egpj.exe"),
    "an isolated direction": said("contact", "me\u2066@example.org"),
    "a space of no width": said("contact", "me\u200b@example.org"),
    "tags that nobody sees": said("note", "a\U000e0041\U000e0042"),
    "a terminal's escape": said("note", "\x1b]0;owned\x07"),
    "a line break in a line": said("contact", "a@example.org\nTrust: reproduced"),
    "decomposed letters": said("note", "e\u0301"),
    "a name with a homoglyph": said("name", "\u043erganism"),
    "a name that climbs out": said("name", "../../sentinel"),
    "an absolute name": said("name", "/etc/passwd"),
    "a name of a device": said("name", "CON:"),
    "an empty name": said("name", ""),
    "a very long name": said("name", "a" * 5000),
    "a very long note": said("note", "a" * 10**6),
    "a script as a link": said("link", "javascript:alert(1)"),
    "a link with a user": said("link", "https://user:password@example.org/"),
    "a data link": said("link", "data:text/html,<script>1</script>"),
    "a link without a scheme": said("link", "//example.org"),
    "a relation of its own": said("relationship", "first_party; DROP TABLE"),
    "another schema": said("schema_version", 2),
    "a schema in words": said("schema_version", "1"),
    "a date that is none": said("made", "${oc.env:HOME}"),
    "a digest that is none": of_run("plan", "../" * 21 + "x"),
    "a model without a digest": of_run("model", {"name": "a"}),
    "components of another kind": of_run("components", [{"_target_": "os.system"}]),
    "a role with markup": of_run("outcome", "<script>"),
    "a million units": million_units,
    "a million values": many_units,
    "40 times the sheets": changed("run-0.json", twenty_sheets),
    "a run that no entry names": changed("figures.json", lambda v: v["entries"][0]["runs"].pop()),
    "an entry that names no run": changed(
        "figures.json", lambda v: v["entries"][0]["runs"].append("run-9")
    ),
    "an entry that climbs": changed(
        "figures.json", lambda v: v["entries"][0]["runs"].append("../run-0")
    ),
    "no entry": changed("figures.json", lambda v: v["entries"].clear()),
    "a manifest of other files": written("manifest.json", b'{"files": {}}'),
    "a signature that is none": written(
        "signature.json",
        json.dumps(
            {"algorithm": "ed25519", "public_key": "0" * 64, "signature": "0" * 128}
        ).encode(),
    ),
    "another algorithm": written(
        "signature.json",
        json.dumps({"algorithm": "none", "public_key": "0" * 64, "signature": ""}).encode(),
    ),
}
"""None of these is a submission."""
PAYLOADS = {
    "script": "<script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "attribute": '" onmouseover="alert(1)" x="',
    "quote": "' onfocus='alert(1)",
    "closing": "</td></tr></table></html>",
    "comment": "<!-- -->",
    "style": "</style><style>*{display:none}</style>",
    "template": "{{ 7 * 7 }}{% raw %}",
    "config": "${oc.env:HOME}${hydra:runtime.cwd}",
    "formula": "=HYPERLINK(1)",
    "command": "+cmd|' /C calc'!A0",
    "at": "@SUM(1)",
    "markdown": "[a](javascript:alert(1)) ![b](x)",
    "table": "a | b `c` *d*",
    "rich": "[bold red]x[/] [/x]",
    "shell": "$(touch sentinel); `touch sentinel` & ",
    "entity": "&lt;b&gt;&#60;b&#62;",
    "script end": "</script><script>alert(1)//",
}
"""Texts that are allowed, and must stay texts wherever they are shown."""
