"""Static files: a hash in each name, gzip beside each file, nothing served twice."""

from typing import Any

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Brotli saves a few kilobytes a page and costs the first start twenty seconds over the API's documentation.
NOT_COMPRESSED = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map", "scss", "ts")


class StaticFiles(CompressedManifestStaticFilesStorage):
    keep_only_hashed_files = True

    def create_compressor(self, **kwargs: Any) -> Compressor:
        """Compress quickly."""
        return Compressor(**kwargs | {"use_brotli": False, "extensions": NOT_COMPRESSED})
