package snowlight.client;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import io.grpc.Context;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.Optional;
import snowlight.api.access.v1.GetSnapshotRequest;
import snowlight.api.access.v1.GetTimelineRequest;
import snowlight.api.access.v1.MediaGrpc.MediaBlockingStub;
import snowlight.api.access.v1.Packaging;
import snowlight.api.access.v1.StreamRecordingRequest;
import snowlight.api.access.v1.StreamRecordingResponse;
import snowlight.api.access.v1.WatchLiveRequest;
import snowlight.api.access.v1.WatchLiveResponse;

/** Live and recorded pictures of one camera. */
record Pictures(MediaBlockingStub stub, String camera) {
    /** Writes so much of the live pictures to a file, through breaks of the connection. */
    void watchLive(Path path, Duration length) throws IOException, InterruptedException {
        long begun = System.nanoTime();
        try (Movie movie = new Movie(path)) {
            Attempts.keepOn(progress -> {
                var request = WatchLiveRequest.newBuilder()
                        .setCamera(camera)
                        .setPackaging(Packaging.PACKAGING_FRAGMENTS)
                        .setPurpose("example")
                        .setResumeToken(movie.resumeToken());
                // The call goes on until its context is cancelled, whatever is read of it.
                try (var call = Context.current().withCancellation()) {
                    Context before = call.attach();
                    try {
                        Iterator<WatchLiveResponse> told = stub.watchLive(request.build());
                        while (movie.length().compareTo(length) < 0 && told.hasNext()) {
                            WatchLiveResponse each = told.next();
                            if (each.hasFragment() && movie.length().isZero()) {
                                long ms = (System.nanoTime() - begun) / 1_000_000;
                                System.out.printf("first picture after %d ms%n", ms);
                            }
                            take(movie, each);
                            if (each.hasFragment()) {
                                progress.run();
                            }
                        }
                    } finally {
                        call.detach(before);
                    }
                }
            });
            System.out.printf("live: %s%n", movie);
        }
    }

    /** Writes what was recorded in [start, end) to a file, through breaks of the connection. */
    void streamRecording(Path path, Timestamp start, Timestamp end) throws IOException, InterruptedException {
        try (Movie movie = new Movie(path)) {
            Attempts.keepOn(progress -> {
                var request = StreamRecordingRequest.newBuilder()
                        .setCamera(camera)
                        .setStartTime(start)
                        .setEndTime(end)
                        .setPackaging(Packaging.PACKAGING_FRAGMENTS)
                        .setPurpose("example")
                        .setResumeToken(movie.resumeToken());
                Iterator<StreamRecordingResponse> told = stub.streamRecording(request.build());
                while (told.hasNext()) {
                    StreamRecordingResponse each = told.next();
                    take(movie, each);
                    if (each.hasFragment()) {
                        progress.run();
                    }
                }
            });
            System.out.printf("recording: %s%n", movie);
        }
    }

    /** Writes one picture to a file: what was shown at that instant, or the newest where there is none. */
    void getSnapshot(Path path, Optional<Timestamp> taken) throws IOException {
        var request = GetSnapshotRequest.newBuilder().setCamera(camera).setPurpose("example");
        taken.ifPresent(request::setTime);
        var snapshot = stub.getSnapshot(request.build());
        Files.write(path, snapshot.getJpeg().toByteArray());
        System.out.printf(
                "%s: %d bytes, taken %s%n",
                path, snapshot.getJpeg().size(), Timestamps.toString(snapshot.getTime()));
    }

    /** Prints what of [start, end) was recorded, and why the rest was not. */
    void printTimeline(Timestamp start, Timestamp end) {
        var request = GetTimelineRequest.newBuilder().setCamera(camera).setStartTime(start).setEndTime(end);
        var timeline = stub.getTimeline(request.build());
        for (var span : timeline.getSpansList()) {
            print("recorded", span.getStartTime(), span.getEndTime());
        }
        for (var gap : timeline.getGapsList()) {
            print(gap.getCause(), gap.getStartTime(), gap.getEndTime());
        }
    }

    private static void print(String what, Timestamp start, Timestamp end) {
        System.out.printf("%s\t%s\t%s%n", what, Timestamps.toString(start), Timestamps.toString(end));
    }

    private static void take(Movie movie, WatchLiveResponse told) throws IOException {
        switch (told.getEventCase()) {
            case DESCRIPTION -> movie.begin(told.getDescription());
            case FRAGMENT -> movie.add(told.getFragment());
            case DISCONTINUITY -> movie.explain(told.getDiscontinuity());
            default -> { } // access units were not asked for
        }
    }

    private static void take(Movie movie, StreamRecordingResponse told) throws IOException {
        switch (told.getEventCase()) {
            case DESCRIPTION -> movie.begin(told.getDescription());
            case FRAGMENT -> movie.add(told.getFragment());
            case DISCONTINUITY -> movie.explain(told.getDiscontinuity());
            default -> { } // access units were not asked for
        }
    }
}
