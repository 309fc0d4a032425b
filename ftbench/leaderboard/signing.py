"""Signs a submission and checks signatures: ed25519 over the bytes of the manifest."""

from pathlib import Path

from ftbench.errors import UsageError

from .schema import Signature

_CONTEXT = b"ftbench submission manifest\0"
"""So that a signature of a manifest can never be taken for one of something else."""


_WEAK = frozenset(
    first + sign
    for first in (
        *("00" * 31, "01" + "00" * 30, "ec" + "ff" * 30, "ed" + "ff" * 30, "ee" + "ff" * 30),
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03",
    )
    for sign in ("00", "80", "7f", "ff", "05", "85", "7a", "fa")
)
"""Public keys of small order, under which anybody can sign something: they are nobody's."""


def new_key(path: Path) -> str:
    """Write a new private key, for its owner alone; returns the public key in hexadecimal.

    Raises UsageError where the file is there already.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415, slow
        Ed25519PrivateKey,
    )
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415, slow
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(text)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already; a key is never written over.") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
    return key.public_key().public_bytes_raw().hex()


def signature(manifest: bytes, key: Path) -> Signature:
    """Sign a manifest. Raises UsageError for a file that holds no ed25519 key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415, slow
        Ed25519PrivateKey,
    )
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415, slow
        load_pem_private_key,
    )

    try:
        private = load_pem_private_key(key.read_bytes(), password=None)
    except OSError as error:
        raise UsageError(f"{key} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError) as error:
        raise UsageError(f"{key} holds no private key that can be used without a word.") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise UsageError(f"{key} holds no ed25519 key; `ftbench leaderboard key` makes one.")
    return Signature(
        algorithm="ed25519",
        public_key=private.public_key().public_bytes_raw().hex(),
        signature=private.sign(_CONTEXT + manifest).hex(),
    )


def is_signed(manifest: bytes, signed: Signature) -> bool:
    """Whether a signature is that of the manifest by the key it names."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415, slow to import
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415, slow
        Ed25519PublicKey,
    )

    if signed.public_key in _WEAK:
        return False
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signed.public_key))
    try:
        key.verify(bytes.fromhex(signed.signature), _CONTEXT + manifest)
    except InvalidSignature:
        return False
    return True
