"""Rights that the officer has not by their post, a line each."""

import uuid

from door import keep_on

from snowlight.api.access.v1 import grant_pb2, grant_pb2_grpc


def request_grant(stub: grant_pb2_grpc.GrantsStub, wanted: grant_pb2.Grant) -> None:
    """Ask for one. A CASE waits for a second person; an EMERGENCY opens live pictures at once."""
    request = grant_pb2.RequestGrantRequest(
        grant=wanted,
        request_id=str(uuid.uuid4()),  # the same at each attempt: a lost answer asks for nothing more
    )
    keep_on(lambda: _print_grant(stub.RequestGrant(request)), lambda: 0)


def print_grants(stub: grant_pb2_grpc.GrantsStub) -> None:
    """What was asked for and what became of it, newest first."""
    request = grant_pb2.ListGrantsRequest()
    while True:
        answer = stub.ListGrants(request)
        for grant in answer.grants:
            _print_grant(grant)
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token


def _print_grant(grant: grant_pb2.Grant) -> None:
    print(
        grant.name,
        grant_pb2.Grant.Kind.Name(grant.kind),
        grant_pb2.Grant.State.Name(grant.state),
        ",".join(grant.cameras),
        ",".join(map(grant_pb2.Grant.Action.Name, grant.actions)),
        grant.end_time.ToJsonString() if grant.HasField("end_time") else "",
        f"{grant.incident}: {grant.reason}",
        sep="\t",
    )
