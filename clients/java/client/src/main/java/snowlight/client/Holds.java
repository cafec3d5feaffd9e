package snowlight.client;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import java.io.IOException;
import java.util.Optional;
import java.util.UUID;
import snowlight.api.access.v1.CreateHoldRequest;
import snowlight.api.access.v1.EvidenceGrpc.EvidenceBlockingStub;
import snowlight.api.access.v1.Hold;
import snowlight.api.access.v1.ListHoldsRequest;
import snowlight.api.access.v1.ListHoldsResponse;
import snowlight.api.access.v1.ReleaseHoldRequest;

/** Footage kept past its retention, printed a line each. */
record Holds(EvidenceBlockingStub stub) {
    /** Keeps the camera's footage of [start, end): until it is released, or {@code expire}. */
    void create(String camera, Timestamp start, Timestamp end, String reason, Optional<Timestamp> expire)
            throws IOException, InterruptedException {
        var request = CreateHoldRequest.newBuilder()
                .setCamera(camera)
                .setStartTime(start)
                .setEndTime(end)
                .setReason(reason)
                // the same at each attempt, so that a lost answer makes no second hold
                .setRequestId(UUID.randomUUID().toString());
        expire.ifPresent(request::setExpireTime);
        Attempts.keepOn(progress -> print(stub.createHold(request.build())));
    }

    /** Lets go. That is for another client than the one that created it, unless the cluster allows it. */
    void release(String name, String reason) {
        print(stub.releaseHold(
                ReleaseHoldRequest.newBuilder().setName(name).setReason(reason).build()));
    }

    /** Those in force; of all cameras where none is named. */
    void list(String camera) {
        var request = ListHoldsRequest.newBuilder().setCamera(camera);
        ListHoldsResponse answer;
        do {
            answer = stub.listHolds(request.build());
            answer.getHoldsList().forEach(Holds::print);
            request.setPageToken(answer.getNextPageToken());
        } while (!answer.getNextPageToken().isEmpty());
    }

    private static void print(Hold hold) {
        System.out.printf(
                "%s\t%s\t%s\t%s\t%s\t%s: %s%n",
                hold.getName(),
                hold.hasReleaseTime() ? "released" : "held",
                hold.getCamera(),
                Timestamps.toString(hold.getStartTime()),
                Timestamps.toString(hold.getEndTime()),
                hold.getIncident(),
                hold.getReason());
    }
}
