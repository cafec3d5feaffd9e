package snowlight.client;

import com.google.protobuf.Timestamp;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import snowlight.api.access.v1.CreateExportRequest;
import snowlight.api.access.v1.DownloadExportRequest;
import snowlight.api.access.v1.DownloadExportResponse;
import snowlight.api.access.v1.EvidenceGrpc.EvidenceBlockingStub;
import snowlight.api.access.v1.Export;
import snowlight.api.access.v1.WatchExportRequest;

/** Footage taken along. */
record Exports(EvidenceBlockingStub stub) {
    /** Has a package made of the cameras' footage of [start, end), follows it, and brings it home as a ZIP file. */
    void export(List<String> cameras, Timestamp start, Timestamp end, Path path)
            throws IOException, InterruptedException {
        var request = CreateExportRequest.newBuilder()
                .addAllCameras(cameras)
                .setStartTime(start)
                .setEndTime(end)
                .setReason("example")
                // the same at each attempt, so that a lost answer makes no second export
                .setRequestId(UUID.randomUUID().toString())
                .build();
        Export[] newest = {Export.getDefaultInstance()};
        Attempts.keepOn(progress -> newest[0] = stub.createExport(request));
        String name = newest[0].getName();
        Attempts.keepOn(progress -> {
            Iterator<Export> told = stub.watchExport(WatchExportRequest.newBuilder().setName(name).build());
            while (told.hasNext()) {
                newest[0] = told.next();
                System.out.printf("%s: %s %d %%%n", name, newest[0].getState(), newest[0].getPercent());
                progress.run();
            }
        });
        if (newest[0].getState() != Export.State.SUCCEEDED) {
            throw new IOException(name + " is " + newest[0].getState() + ": " + newest[0].getError());
        }
        download(name, path);
    }

    /** Brings the whole package home. Goes on where it was when the connection breaks. */
    void download(String name, Path path) throws IOException, InterruptedException {
        long[] have = {0};
        long[] size = {0};
        try (OutputStream file = Files.newOutputStream(path)) {
            Attempts.keepOn(progress -> {
                var request = DownloadExportRequest.newBuilder().setName(name).setOffset(have[0]);
                Iterator<DownloadExportResponse> told = stub.downloadExport(request.build());
                while (told.hasNext()) {
                    DownloadExportResponse each = told.next();
                    size[0] = Math.max(size[0], each.getSize());
                    each.getData().writeTo(file);
                    have[0] += each.getData().size();
                    progress.run();
                }
            });
        }
        if (have[0] != size[0]) {
            throw new IOException(name + " has " + size[0] + " bytes, and " + have[0] + " came");
        }
        System.out.printf("%s: %d bytes%n", path, size[0]);
    }
}
