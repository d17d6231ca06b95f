"""The security policy of a page: which scripts and styles a browser may run."""

from base64 import b64encode
from hashlib import sha256


def allow_inline(policy, scripts, styles, is_watched=False):
    """Let a page's own inline scripts and styles in, by their digests, and no others.

    Args:
        policy: with `script-src 'self'` and `style-src 'self'` in it.
        scripts, styles: the texts between the tags, to the letter.
        is_watched: in `serve` MkDocs adds a script that reloads the page, and its text changes.

    Raises:
        ValueError: the policy has no such part.
    """
    for part, texts in (("script-src 'self'", scripts), ("style-src 'self'", styles)):
        if part not in policy:
            raise ValueError(f"the policy must have {part}, got {policy!r}")
        sources = ["'unsafe-inline'"] if is_watched else [_digest(text) for text in texts]
        policy = policy.replace(part, " ".join([part, *sources]))
    return policy


def _digest(text):
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
