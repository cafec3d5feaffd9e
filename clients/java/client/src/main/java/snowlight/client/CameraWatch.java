package snowlight.client;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;
import snowlight.api.access.v1.CamerasGrpc.CamerasBlockingStub;
import snowlight.api.access.v1.WatchCamerasRequest;
import snowlight.api.access.v1.WatchCamerasResponse;

/** Cameras as they are, and what changes of them. */
final class CameraWatch {
    private final CamerasBlockingStub stub;
    private final String region;
    private String resumeToken = "";

    CameraWatch(CamerasBlockingStub stub, String region) {
        this.stub = stub;
        this.region = region;
    }

    /** Prints it for so long, through breaks of the connection. */
    void print(Duration length) throws IOException, InterruptedException {
        var limited = stub.withDeadlineAfter(length.toMillis(), TimeUnit.MILLISECONDS);
        Attempts.keepOn(progress -> {
            var request = WatchCamerasRequest.newBuilder().setRegion(region).setResumeToken(resumeToken);
            try {
                Iterator<WatchCamerasResponse> told = limited.watchCameras(request.build());
                while (told.hasNext()) {
                    take(told.next());
                    progress.run();
                }
            } catch (StatusRuntimeException error) {
                if (error.getStatus().getCode() != Status.Code.DEADLINE_EXCEEDED) {
                    throw error;
                }
            }
        });
    }

    private void take(WatchCamerasResponse told) {
        resumeToken = told.getResumeToken(); // none between RESET and SYNCED
        switch (told.getEventCase()) {
            case RESET -> System.out.println("reset"); // what was printed before counts no more
            case SYNCED -> System.out.println("synced");
            case CAMERA -> Cameras.print(told.getCamera());
            case DELETED -> System.out.printf("deleted\t%s%n", told.getDeleted().getName());
            default -> { } // a heartbeat
        }
    }
}
