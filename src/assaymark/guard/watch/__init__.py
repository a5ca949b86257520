"""
What a running guard tells about itself: see `docs/decision-log.md`.

    metrics      families of numbers, and the text in which Prometheus reads them
    window       counts of the last minutes
    telemetry    from decisions to numbers, lines and spans
    alarms       which numbers of the last minutes call for somebody
    baseline     the rates of a signed report, against those of the last minutes
    messages     an alert as a webhook, Alertmanager and Slack take it
    sending      getting alerts out, with retries and a bound
    pages        /metrics, /healthz, /readyz and the live page
"""
