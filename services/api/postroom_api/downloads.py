"""Headers of what a browser should save and never show: the bytes are a client's, the address is ours."""

from urllib.parse import quote

_SAFE = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "private, no-store",
}


def download_headers(filename: str) -> dict[str, str]:
    """Headers that name the file (RFC 6266, 4.3) in ASCII for old readers, and as it is."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in filename)
    exact = quote(filename.replace("/", "_").replace("\\", "_"), safe="", errors="replace")
    return {"content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}", **_SAFE}
