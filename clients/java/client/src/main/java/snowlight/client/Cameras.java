package snowlight.client;

import snowlight.api.access.v1.Camera;
import snowlight.api.access.v1.CamerasGrpc.CamerasBlockingStub;
import snowlight.api.access.v1.ListCamerasRequest;
import snowlight.api.access.v1.ListCamerasResponse;
import snowlight.api.access.v1.ListRegionsRequest;

/** What there is to see, printed a line each. */
record Cameras(CamerasBlockingStub stub) {
    void printRegions() {
        for (var region : stub.listRegions(ListRegionsRequest.getDefaultInstance()).getRegionsList()) {
            System.out.printf("%s\t%s%n", region.getName(), region.getDisplayName());
        }
    }

    /** Of all pages. */
    void print(String region, String filter) {
        var request = ListCamerasRequest.newBuilder().setRegion(region).setFilter(filter);
        ListCamerasResponse answer;
        do {
            answer = stub.listCameras(request.build());
            answer.getCamerasList().forEach(Cameras::print);
            request.setPageToken(answer.getNextPageToken());
        } while (!answer.getNextPageToken().isEmpty());
    }

    static void print(Camera camera) {
        System.out.printf(
                "%s\t%s\t%s\t%s%n",
                camera.getName(), camera.getState(), camera.getRegion(), camera.getDisplayName());
    }
}
