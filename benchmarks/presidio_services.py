"""
Presidio's two REST services, as its images run them: Flask behind one synchronous worker of gunicorn each.

The engines are Presidio's own; the routes say what those of its `app.py` say. Of the two ways in which its
versions call the analyzer, the cheaper one is taken. Its image loads `en_core_web_lg`, which is what
`--model` is for; the engine runs it on each text, whichever entities are asked for. Without, words are split
and nothing more.

Source: presidio-analyzer and presidio-anonymizer 2.2.366, REST APIs.

    python benchmarks/presidio_services.py analyzer [--model en_core_web_lg]
"""

from __future__ import annotations

import argparse
import json
import socket
from typing import Any

from presidio_reference import engine, engine_with_model


def analyzer(model: str) -> Any:
    """Return the service that finds."""
    from flask import Flask, Response, request
    from presidio_analyzer import AnalyzerRequest

    from assaymark.detectors.pii.settings import PatternSettings, enabled_entities

    settings = PatternSettings()
    entities = enabled_entities(settings)
    made = engine_with_model(model, "en", entities) if model else engine(("en",), entities)
    app = Flask("analyzer")

    @app.post("/analyze")
    def analyze() -> Response:
        asked = AnalyzerRequest(request.get_json())
        found = made.analyze(
            text=asked.text,
            language=asked.language,
            correlation_id=asked.correlation_id,
            score_threshold=asked.score_threshold,
            entities=asked.entities,
            return_decision_process=asked.return_decision_process,
            ad_hoc_recognizers=asked.ad_hoc_recognizers,
            context=asked.context,
        )
        for each in found:
            del each.recognition_metadata
        body = json.dumps(found, default=lambda each: each.to_dict(), sort_keys=True)
        return Response(body, content_type="application/json")

    return app


def anonymizer(_: str) -> Any:
    """Return the service that replaces."""
    from flask import Flask, Response, request
    from presidio_anonymizer import AnonymizerEngine
    from presidio_anonymizer.services.app_entities_convertor import AppEntitiesConvertor

    made, app = AnonymizerEngine(), Flask("anonymizer")

    @app.post("/anonymize")
    def anonymize() -> Response:
        asked = request.get_json()
        result = made.anonymize(
            text=asked.get("text"),
            analyzer_results=AppEntitiesConvertor.analyzer_results_from_json(
                asked.get("analyzer_results")
            ),
            operators=AppEntitiesConvertor.operators_config_from_json(asked.get("anonymizers")),
        )
        return Response(result.to_json(), mimetype="application/json")

    return app


def main() -> None:
    """Serve one of them on a free port, and print the address."""
    from gunicorn.app.base import BaseApplication

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("service", choices=["analyzer", "anonymizer"])
    parser.add_argument("--model", default="")
    given = parser.parse_args()
    application = {"analyzer": analyzer, "anonymizer": anonymizer}[given.service](given.model)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    class Served(BaseApplication):  # type: ignore[misc] # no types
        """Flask in gunicorn."""

        def load_config(self) -> None:
            self.cfg.set("bind", f"127.0.0.1:{port}")
            self.cfg.set("workers", 1)
            self.cfg.set("loglevel", "critical")

        def load(self) -> Any:
            return application

    print(f"http://127.0.0.1:{port}", flush=True)
    Served().run()


if __name__ == "__main__":
    main()
