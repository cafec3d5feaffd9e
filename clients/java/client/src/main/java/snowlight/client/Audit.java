package snowlight.client;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import java.util.Optional;
import snowlight.api.access.v1.AccessRecord;
import snowlight.api.access.v1.AuditGrpc.AuditBlockingStub;
import snowlight.api.access.v1.ListMyAccessRequest;
import snowlight.api.access.v1.ListMyAccessResponse;

/** What is on record of the client's own officers. */
record Audit(AuditBlockingStub stub) {
    /** Prints it newest first, of one camera or of all, with no bound where an instant is empty. */
    void print(String camera, Optional<Timestamp> start, Optional<Timestamp> end) {
        var request = ListMyAccessRequest.newBuilder().setCamera(camera);
        start.ifPresent(request::setStartTime);
        end.ifPresent(request::setEndTime);
        ListMyAccessResponse answer;
        do {
            answer = stub.listMyAccess(request.build());
            answer.getRecordsList().forEach(Audit::print);
            request.setPageToken(answer.getNextPageToken());
        } while (!answer.getNextPageToken().isEmpty());
    }

    private static void print(AccessRecord record) {
        System.out.printf(
                "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d s\t%d bytes%n",
                Timestamps.toString(record.getTime()),
                record.getEvent(),
                record.getAction(),
                record.getCamera(),
                record.getAllowed() ? "allowed" : record.getReason(),
                record.getOfficer(),
                record.getPurpose(),
                record.getWatchedS(),
                record.getWatchedBytes());
    }
}
