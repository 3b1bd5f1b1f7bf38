"""What runs a recogniser in a browser: onnxruntime-web, as the npm registry has it, to the very byte."""

import base64
import hashlib
import os
import subprocess
import tarfile
import threading
from pathlib import Path
from urllib.error import HTTPError

from tqdm import tqdm

from inkseq.download.transfer import AttemptError, Transfer, part_of
from inkseq.errors import UserError

NAME = "onnxruntime-web"
VERSION = "1.30.0"
SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
BY_HAND = f"npm pack {NAME}@{VERSION} --pack-destination"
FILES = {
    "onnxruntime.js": "ort.wasm.bundle.min.mjs",  # .js: many servers do not know that .mjs is a script
    "ort-wasm-simd-threaded.wasm": "ort-wasm-simd-threaded.wasm",  # the name by which the script asks for it
}
LICENCES = {"onnxruntime-license.txt": "LICENSE", "onnxruntime-notices.txt": "ThirdPartyNotices.txt"}


def engine() -> dict[str, bytes]:
    """Its files for a page, by name. The licences come from the Python package, since npm's has none."""
    try:
        import onnxruntime  # here, for not every page has an engine
    except ModuleNotFoundError:
        raise UserError("onnxruntime is not installed; pip install 'inkseq[export]' brings it") from None
    package = Path(onnxruntime.__file__).parent
    licences = {name: (package / file).read_bytes() for name, file in LICENCES.items()}
    with tarfile.open(tarball()) as tar:
        return licences | {name: content(tar, f"package/dist/{file}") for name, file in FILES.items()}


def content(tar: tarfile.TarFile, path: str) -> bytes:
    file = tar.extractfile(path)
    assert file is not None
    return file.read()


def tarball() -> Path:
    """The package on disk, from the registry unless it is there already."""
    path = cache() / f"{NAME}-{VERSION}.tgz"
    if not (path.exists() and sha512(path) == SHA512):
        download(path)
        if (found := sha512(path)) != SHA512:
            path.unlink(missing_ok=True)
            raise UserError(f"{url(path.name)} is not what was expected: its sha512 is {found}, not {SHA512}")
    return path


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "inkseq"


def sha512(path: Path) -> str:
    """As npm writes it."""
    with path.open("rb") as file:
        return base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()


def url(file: str) -> str:
    """Where npm would get it."""
    address = registry()
    if not address.startswith(("http://", "https://")):
        raise UserError(f"npm_config_registry={address}: only http:// and https:// addresses can be downloaded from")
    return f"{address.rstrip('/')}/{NAME}/-/{file}"


def registry() -> str:
    """What the environment says, as npm reads it, or what npm says itself."""
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        if address := os.environ.get(name):
            return address
    try:
        asked = subprocess.run(["npm", "config", "get", "registry"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise UserError(
            f"{NAME} comes from the npm registry, and npm is not here to say where that is; "
            f"say npm_config_registry=ADDRESS, or where npm is: {BY_HAND} {cache()}"
        ) from None
    return asked.stdout.strip()


def download(path: Path) -> None:
    """What has arrived stays beside it, and the next attempt goes on from there."""
    by_hand = f"or put it there by hand: {BY_HAND} {path.parent}"
    with tqdm(unit="B", unit_scale=True, desc=path.name, disable=None) as bar:

        def moved(have: int, size: int | None) -> None:
            bar.total = size
            bar.update(have - bar.n)

        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            Transfer(url(path.name), path, moved, threading.Event()).attempt()
        except HTTPError as error:
            raise UserError(f"{error.url} answers {error.code} {error.reason}; {by_hand}") from None
        except AttemptError as error:
            raise UserError(f"{path.name}: {error}; try again, {by_hand}") from None
        except OSError as error:  # the network's became those, so this is the disk's
            raise UserError(f"cannot write {error.filename or part_of(path)}: {error.strerror}") from None
