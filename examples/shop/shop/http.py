"""One request to another service, and what its response means. Nothing is repeated here: see runner.py."""
import requests
from requests.adapters import HTTPAdapter


class TryLater(Exception):
    """The outcome is unknown, or the service cannot serve now. The same request can be sent again, with the same key."""

    def __init__(self, why, seconds=None):
        super().__init__(why)
        self.seconds = seconds


class Refused(Exception):
    """The service has refused the request and changed nothing. Sending it again does not help."""

    def __init__(self, code, problem):
        super().__init__(code)
        self.code = code
        self.problem = problem


class Service:
    def __init__(self, url, timeout):
        self._url = url
        self._timeout = timeout  # seconds to connect, and to wait for the response
        self._session = requests.Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=64, max_retries=0))

    def send(self, method, path, json=None, headers=None):
        """The body of a response that accepts the request."""
        try:
            response = self._session.request(
                method, self._url + path, json=json, headers=headers, timeout=self._timeout, allow_redirects=False)
        except requests.RequestException as error:
            raise TryLater(type(error).__name__) from None
        if response.ok and response.status_code < 300:
            return response.json() if "json" in response.headers.get("Content-Type", "") else response.text
        try:
            problem = response.json()
            code = problem["code"]
        except (ValueError, KeyError, TypeError):
            # Not the service: a proxy between here and there.
            raise TryLater(f"status {response.status_code}", retry_after(response)) from None
        if response.status_code >= 500 or response.status_code == 408 or code == "rate-limited":
            raise TryLater(code, retry_after(response))
        raise Refused(code, problem)


def retry_after(response):
    text = response.headers.get("Retry-After", "")
    return min(int(text), 3600) if text.isdigit() else None
