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
    "name=${oc.env:SOME_API_KEY}",
    f"'{KEY}'=x",
    KEY,
]


@pytest.mark.parametrize("word", SECRETS)
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(ftbench, capsys, word):
    assert ftbench("model=small", word) == 2
    said = capsys.readouterr().err
    assert "looks like a secret" in said or "no command" in said
    for secret in ("abcdef", "hf_aa", "AKIAA", "me:word", "eyJ", KEY):
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
