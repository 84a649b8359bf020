"""Files with a path or an address: listed, recognised, read ahead and written whole."""
