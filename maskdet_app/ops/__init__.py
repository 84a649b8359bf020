"""Operations: settings, Prometheus metrics, rate limits, shutdown, build info. Imports no page."""
