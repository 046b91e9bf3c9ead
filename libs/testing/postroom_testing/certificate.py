import subprocess
from pathlib import Path

from postroom_testing.server import find_binary


def make_certificate(folder: Path, *, host: str = "localhost") -> tuple[Path, Path]:
    """Make a self-signed certificate for `host` and 127.0.0.1; return the paths of certificate and key.

    A client trusts it when SSL_CERT_FILE names the certificate.
    """
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(  # noqa: S603 - found by find_binary
        [
            *(find_binary("openssl", package="openssl"), "req", "-x509", "-nodes", "-days", "2"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host},IP:127.0.0.1"),
            *("-addext", "basicConstraints=critical,CA:TRUE"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key
