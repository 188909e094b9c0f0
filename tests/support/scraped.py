"""A program that was started with `--metrics-address 127.0.0.1:0`, asked as Prometheus and the kubelet would."""

import re
from http.client import HTTPConnection

from prometheus_client.parser import text_string_to_metric_families

from advisor.processes import Child


class Scraped:
    """Asks one running program."""

    def __init__(self, child: Child) -> None:
        child.wait_for("/metrics, /ready and /live at http://127.0.0.1:", 30)
        self.child = child
        self._port = int(re.search(r"http://127\.0\.0\.1:(\d+)", child.log.read_text())[1])

    def ask(self, path: str) -> tuple[int, str]:
        """Status and body."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def samples(self) -> dict[tuple[str, ...], float]:
        """Samples by name and the values of their labels, in the order of the labels' names."""
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(self.ask("/metrics")[1])
            for sample in family.samples
        }

    def sum(self, name: str) -> float:
        """A metric of `stream` over all its labels."""
        return sum(value for key, value in self.samples().items() if key[0] == f"netpol_stream_{name}")
