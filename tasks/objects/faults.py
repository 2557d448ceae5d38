"""What goes wrong with S3, in words for the reader: a wrong setting (exit code 2) or a failing service (1).

obstore tells most of it in text alone, and that text holds keys of customers' files and pages of its own debugging:
none of it is shown. A fault is known by the service's error code, else by the HTTP status, else by how it failed.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import AlreadyExistsError, BaseError

from config.errors import ConfigError, LifecycleError, UnreachableError

WHO = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the Prefect block that `credentials` names"
NOBODY = (
    "no credentials were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a Prefect block with "
    "`credentials` (profiles of ~/.aws are not read: `aws configure export-credentials --format env` prints them)."
)
NOBODY_KNOWN = r"/latest/(api/token|meta-data)|169\.254\."
"""Where credentials are looked for last: the services of the machine itself."""
CODES = {
    "NoSuchBucket": "there is no such bucket. Create it, or correct the address.",
    "InvalidBucketName": "this is no name of a bucket. Correct the address.",
    "InvalidAccessKeyId": f"the access key is not known there. Check {WHO}.",
    "SignatureDoesNotMatch": f"the secret key is wrong. Check {WHO}.",
    "InvalidToken": f"the session token is wrong. Check AWS_SESSION_TOKEN, {WHO}.",
    "ExpiredToken": "the session token has expired. Fetch new credentials.",
    "RequestTimeTooSkewed": "the clock of this machine is wrong, so requests are refused. Set it.",
    "AuthorizationHeaderMalformed": "requests are signed for another region. Set AWS_REGION to the bucket's own.",
    "PermanentRedirect": "the bucket is in another region. Set AWS_REGION to the bucket's own.",
    "QuotaExceeded": "there is no room left in the bucket. Free some, or raise its quota.",
}
DENIED = f"access is denied. Check {WHO}, and what they are allowed to do."
NO_SERVICE = "there is no such bucket, or no S3 service. Check the address and AWS_ENDPOINT_URL."
STATUSES = {
    "404": NO_SERVICE,
    "301": CODES["PermanentRedirect"],
    "401": DENIED,
    "403": DENIED,
}
FAILING = "Nothing half-finished was published: run again when the service is well."


def fault(uri: str, error: BaseException) -> LifecycleError:
    """The error for the reader. `uri`: what was asked for."""
    said = str(error)
    code, status = _found(r"<Code>(\w+)</Code>", said), _found(r"status code: (\d{3})", said)
    if re.search(NOBODY_KNOWN, said):
        return ConfigError(f"{uri}: {NOBODY}")
    if "redirect without LOCATION" in said:
        code = "PermanentRedirect"
    if code in CODES or status in STATUSES:
        return ConfigError(f"{uri}: {CODES.get(code) or STATUSES[status]}")
    return UnreachableError(f"{uri}: {_failing(said, code, status)} {FAILING}")


def no_place(uri: str) -> ConfigError:
    """Where a write was answered as if something were missing."""
    return ConfigError(f"{uri}: {NO_SERVICE}")


def _failing(said: str, code: str, status: str) -> str:
    if "TimedOut" in said or "kind: Timeout" in said:
        return "the service did not answer in time. Check it, AWS_ENDPOINT_URL and the network."
    if "InvalidContentType" in said or "ertificate" in said:
        return "no secure connection comes about. Check AWS_ENDPOINT_URL: is it http://, or its certificate not known?"
    if "kind: Connect," in said:
        return "nobody answers there. Check AWS_ENDPOINT_URL, the service and the network."
    if status:
        return f"the service answered {code or 'with an error'} (HTTP {status})."
    return "the connection broke, again and again. Check the service and the network."


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else ""


def is_no_bucket(error: BaseException) -> bool:
    """Whether an object is missing because its bucket is."""
    return "NoSuchBucket" in str(error)


@contextmanager
def told(uri: str) -> Iterator[None]:
    """Turns what obstore raises into errors for the reader; an object that is missing, or there, is none.

    Raises:
        ConfigError: address, region or credentials are wrong, or not allowed to do this.
        UnreachableError: the service fails, also after retries.
    """
    try:
        yield
    except AlreadyExistsError:
        raise
    except FileNotFoundError as error:
        if is_no_bucket(error):
            raise fault(uri, error) from None
        raise FileNotFoundError(uri) from None
    except BaseError as error:
        raise fault(uri, error) from None
