"""Where the site and its repository are, from the environment; a fork needs no edit."""

from urllib.parse import urlsplit


def _address(name, value):
    """Return `value` with one slash at its end, or raise ValueError naming the variable."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"{name} must be an address such as https://example.org/, got {value!r}")
    return value.rstrip("/") + "/"


def _on_github(environ):
    """Return (server, owner, repository) where GitHub Actions says so, else None."""
    owner, slash, repository = environ.get("GITHUB_REPOSITORY", "").partition("/")
    if environ.get("GITHUB_ACTIONS") != "true" or not slash:
        return None
    return environ.get("GITHUB_SERVER_URL") or "https://github.com", owner, repository


def find_site_url(environ, default):
    """Return the address at which the site will stand, with a slash at its end, or None.

    Args:
        environ: SITE_URL wins; on GitHub Actions the address of the repository's own Pages is next.
        default: taken when neither is known; nothing, if that isn't known either.

    Raises:
        ValueError: SITE_URL is not an http address.
    """
    if environ.get("SITE_URL"):
        return _address("SITE_URL", environ["SITE_URL"])
    github = _on_github(environ)
    if github is None:
        return _address("site_url", default) if default else None
    _, owner, repository = github
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if repository.lower() == host else f"https://{host}/{repository}/"


def find_repo_url(environ):
    """Return the repository's address with a slash at its end, or None where none is known.

    Args:
        environ: REPO_URL wins; GitHub Actions tells its own repository.

    Raises:
        ValueError: REPO_URL is not an http address.
    """
    if environ.get("REPO_URL"):
        return _address("REPO_URL", environ["REPO_URL"])
    github = _on_github(environ)
    return "/".join(github) + "/" if github else None


def edit_uri(repo_url):
    """Return where GitHub edits the pages of a repository, or None without one."""
    return f"{repo_url}edit/main/docs/" if repo_url else None
