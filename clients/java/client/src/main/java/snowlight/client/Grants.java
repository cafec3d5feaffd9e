package snowlight.client;

import com.google.protobuf.util.Timestamps;
import java.io.IOException;
import java.util.UUID;
import java.util.stream.Collectors;
import snowlight.api.access.v1.Grant;
import snowlight.api.access.v1.GrantsGrpc.GrantsBlockingStub;
import snowlight.api.access.v1.ListGrantsRequest;
import snowlight.api.access.v1.ListGrantsResponse;
import snowlight.api.access.v1.RequestGrantRequest;

/** Rights that the officer has not by their post, printed a line each. */
record Grants(GrantsBlockingStub stub) {
    /** Asks for one. A CASE waits for a second person; an EMERGENCY opens live pictures at once. */
    void request(Grant wanted) throws IOException, InterruptedException {
        var request = RequestGrantRequest.newBuilder()
                .setGrant(wanted)
                // the same at each attempt, so that a lost answer asks for nothing more
                .setRequestId(UUID.randomUUID().toString())
                .build();
        Attempts.keepOn(progress -> print(stub.requestGrant(request)));
    }

    /** What was asked for and what became of it, newest first. */
    void list() {
        var request = ListGrantsRequest.newBuilder();
        ListGrantsResponse answer;
        do {
            answer = stub.listGrants(request.build());
            answer.getGrantsList().forEach(Grants::print);
            request.setPageToken(answer.getNextPageToken());
        } while (!answer.getNextPageToken().isEmpty());
    }

    private static void print(Grant grant) {
        System.out.printf(
                "%s\t%s\t%s\t%s\t%s\t%s\t%s: %s%n",
                grant.getName(),
                grant.getKind(),
                grant.getState(),
                String.join(",", grant.getCamerasList()),
                grant.getActionsList().stream().map(Grant.Action::name).collect(Collectors.joining(",")),
                grant.hasEndTime() ? Timestamps.toString(grant.getEndTime()) : "",
                grant.getIncident(),
                grant.getReason());
    }
}
