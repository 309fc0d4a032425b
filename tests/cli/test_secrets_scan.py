import pytest

KEY = "sk-" + "abcdefgh" * 3
SECRETS = [
    "backend.api_key=abcdef",
    "backend.apikey=abcdef",
    "+judge.x.token=abcdef",
    "publisher.hub.password=${oc.env:X}",
    f"model.name={KEY}",
    "model.name=hf_" + "a" * 30,
    "name=AKIA" + "A" * 16,
    "backend.url=https://me:word@example.org/v1",
    "name=eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl",
    "backend.url=https://wordwordwordword1234@example.org/v1",
    "backend.url=https://example.org/v1?api_key=abcdef",
    "+judge.x={api_key: abcdef, model: y}",
    f"+judge.x.models=[small,{KEY}]",
    f"'{KEY}'=x",
    KEY,
]


@pytest.mark.parametrize("word", SECRETS)
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(ftbench, capsys, word):
    assert ftbench("model=small", word) == 2
    said = capsys.readouterr().err
    assert "looks like a secret" in said or "no command" in said
    for secret in ("abcdef", "hf_aa", "AKIAA", "me:word", "wordword", "eyJ", KEY):
        assert secret not in said


@pytest.mark.parametrize(
    "word", ["model.max_tokens=3", "finetune.method.targets=[q]", "name=monkey-sketch", "+x.token="]
)
def test_words_that_only_sound_like_secrets_are_let_through(ftbench, capsys, word):
    ftbench("model=small", word, "--cfg", "job")
    assert "secret" not in capsys.readouterr().err


def test_a_secret_in_a_config_file_is_refused_too(ftbench, config_dir, capsys):
    (config_dir / "model" / "leaky.yaml").write_text(f"name: someone/x\nvendor: {KEY}\n")
    assert ftbench("model=leaky") == 2
    said = capsys.readouterr().err
    assert "model.vendor" in said
    assert KEY not in said


def test_a_bare_first_word_that_is_a_secret_is_not_repeated(ftbench, capsys):
    assert ftbench(KEY) == 2
    assert KEY not in capsys.readouterr().err


def test_a_secret_that_the_shell_filled_in_is_known_by_its_value(ftbench, capsys, monkeypatch):
    monkeypatch.setenv("HOUSE_TOKEN", "plain-looking-words")
    assert ftbench("model=small", "name=plain-looking-words") == 2
    said = capsys.readouterr().err
    assert "name=..., looks like a secret" in said and "plain" not in said


@pytest.mark.parametrize("text", [f"vendor: see {KEY}", "family: https://me:abcdefgh@host/x"])
def test_a_secret_inside_a_list_of_a_config_is_named_by_its_place(text):
    from ftbench.cli.secrets_scan import refuse_secrets_in
    from ftbench.errors import UsageError

    value = text.partition(": ")[2]
    with pytest.raises(UsageError, match=r"^judge\.x\.models\[1\]\.at looks") as refused:
        refuse_secrets_in({"judge": {"x": {"models": ["small", {"at": value}]}}})
    assert value not in str(refused.value)


def test_the_name_of_an_environment_variable_is_no_secret(monkeypatch):
    from ftbench.cli.secrets_scan import refuse_secrets, refuse_secrets_in

    monkeypatch.setenv("HOUSE_API_KEY", "plain-looking-words")
    refuse_secrets(["judge.x.api_key_env=HOUSE_API_KEY"])
    refuse_secrets_in({"judge": {"x": {"api_key_env": "HOUSE_API_KEY", "max_tokens": 3}}})


def test_a_command_cannot_read_the_environment(ftbench, capsys, monkeypatch):
    monkeypatch.setenv("HOUSE", "by the sea")
    assert ftbench("model=small", "name=${oc.env:HOUSE}") == 2
    said = capsys.readouterr().err
    assert "Word 2 of the command reads the environment variable HOUSE" in said
    assert "sea" not in said


@pytest.mark.parametrize(
    "text", ["vendor: ${oc.env:HOUSE}", "vendor: ${oc.decode:${oc.env:HOUSE}}"]
)
def test_a_config_file_cannot_read_the_environment(ftbench, config_dir, capsys, monkeypatch, text):
    monkeypatch.setenv("HOUSE", "by the sea")
    (config_dir / "model" / "nosy.yaml").write_text(f"name: someone/x\n{text}\n")
    assert ftbench("model=nosy") == 2
    said = capsys.readouterr().err
    assert "model.vendor reads the environment variable HOUSE" in said and "sea" not in said
