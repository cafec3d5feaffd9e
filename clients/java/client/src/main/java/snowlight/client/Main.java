package snowlight.client;

import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import snowlight.api.access.v1.AuditGrpc;
import snowlight.api.access.v1.CamerasGrpc;
import snowlight.api.access.v1.EvidenceGrpc;
import snowlight.api.access.v1.Grant;
import snowlight.api.access.v1.GrantsGrpc;
import snowlight.api.access.v1.MediaGrpc;

/**
 * An example of a platform that gets live pictures, recordings and evidence through the door for public-security
 * systems. Connection and Statements say who calls, Refusal and Attempts what to do when a call is refused or breaks
 * off.
 */
public final class Main {
    private static final String USAGE = """
            -door HOST:PORT -ca FILE -cert FILE -key FILE [-officer NUMBER -unit UNIT -incident CASE] COMMAND

              regions
              cameras    [-region REGION] [-filter WORDS]
              watch      [-region REGION] [-seconds N]
              live       -camera CAMERA [-seconds N] -out FILE.mp4
              snapshot   -camera CAMERA [-time INSTANT] -out FILE.jpg
              timeline   -camera CAMERA -start INSTANT -end INSTANT
              recording  -camera CAMERA -start INSTANT -end INSTANT -out FILE.mp4
              export     -camera CAMERA[,CAMERA] -start INSTANT -end INSTANT -out FILE.zip
              download   -export EXPORT -out FILE.zip
              hold       -camera CAMERA -start INSTANT -end INSTANT -reason TEXT [-expire INSTANT]
              holds      [-camera CAMERA]
              release    -hold HOLD -reason TEXT
              grant      -kind CASE -camera CAMERA[,CAMERA] -actions ACTION[,ACTION] -hours N -reason TEXT
                         [-start INSTANT -end INSTANT]
              grant      -kind EMERGENCY -camera CAMERA[,CAMERA] -reason TEXT
              grants
              access     [-camera CAMERA] [-start INSTANT] [-end INSTANT]
            """;

    private Main() {}

    public static void main(String[] arguments) throws GeneralSecurityException, InterruptedException {
        try {
            carryOut(Options.read(arguments));
        } catch (StatusRuntimeException error) {
            System.err.println(Refusal.of(error));
            System.exit(1);
        } catch (IOException | IllegalArgumentException error) {
            System.err.println(error.getMessage());
            System.exit(1);
        }
    }

    private static void carryOut(Options options) throws IOException, GeneralSecurityException, InterruptedException {
        Officer officer = new Officer(
                options.optional("officer", ""), options.optional("unit", ""), options.optional("incident", ""));
        try (Connection connection = Connection.open(
                options.required("door"), options.file("ca"), options.file("cert"), options.file("key"), officer)) {
            call(connection, options);
        }
    }

    private static void call(Connection connection, Options options) throws IOException, InterruptedException {
        switch (options.command()) {
            case "regions", "cameras", "watch" -> askForCameras(connection, options);
            case "live", "snapshot", "timeline", "recording" -> askForPictures(connection, options);
            case "export", "download", "hold", "holds", "release" -> askForEvidence(connection, options);
            case "grant", "grants" -> askForGrants(connection, options);
            case "access" -> new Audit(AuditGrpc.newBlockingStub(connection.channel())
                            .withCallCredentials(connection.statements()))
                    .print(
                            options.optional("camera", ""),
                            options.perhapsInstant("start"),
                            options.perhapsInstant("end"));
            default -> throw new IllegalArgumentException("no command \"" + options.command() + "\"\n" + USAGE);
        }
    }

    private static void askForCameras(Connection connection, Options options)
            throws IOException, InterruptedException {
        var stub = CamerasGrpc.newBlockingStub(connection.channel()).withCallCredentials(connection.statements());
        String region = options.optional("region", "");
        switch (options.command()) {
            case "regions" -> new Cameras(stub).printRegions();
            case "cameras" -> new Cameras(stub).print(region, options.optional("filter", ""));
            default -> new CameraWatch(stub, region).print(seconds(options));
        }
    }

    private static void askForPictures(Connection connection, Options options)
            throws IOException, InterruptedException {
        var stub = MediaGrpc.newBlockingStub(connection.channel()).withCallCredentials(connection.statements());
        Pictures pictures = new Pictures(stub, options.required("camera"));
        switch (options.command()) {
            case "live" -> pictures.watchLive(options.file("out"), seconds(options));
            case "snapshot" -> pictures.getSnapshot(options.file("out"), options.perhapsInstant("time"));
            case "timeline" -> pictures.printTimeline(options.instant("start"), options.instant("end"));
            default -> pictures.streamRecording(
                    options.file("out"), options.instant("start"), options.instant("end"));
        }
    }

    private static void askForEvidence(Connection connection, Options options)
            throws IOException, InterruptedException {
        var stub = EvidenceGrpc.newBlockingStub(connection.channel()).withCallCredentials(connection.statements());
        Exports exports = new Exports(stub);
        Holds holds = new Holds(stub);
        switch (options.command()) {
            case "export" -> exports.export(
                    options.several("camera"), options.instant("start"), options.instant("end"), options.file("out"));
            case "download" -> exports.download(options.required("export"), options.file("out"));
            case "hold" -> holds.create(
                    options.required("camera"),
                    options.instant("start"),
                    options.instant("end"),
                    options.optional("reason", ""),
                    options.perhapsInstant("expire"));
            case "release" -> holds.release(options.required("hold"), options.optional("reason", ""));
            default -> holds.list(options.optional("camera", ""));
        }
    }

    private static void askForGrants(Connection connection, Options options)
            throws IOException, InterruptedException {
        Grants grants = new Grants(
                GrantsGrpc.newBlockingStub(connection.channel()).withCallCredentials(connection.statements()));
        if (options.command().equals("grants")) {
            grants.list();
        } else {
            grants.request(wish(options));
        }
    }

    private static Grant wish(Options options) {
        var wish = Grant.newBuilder()
                .setKind(Grant.Kind.valueOf(options.required("kind")))
                .addAllCameras(options.several("camera"))
                .setReason(options.optional("reason", ""))
                .setDurationS(Math.round(options.number("hours", 0) * 3600));
        if (!options.optional("actions", "").isEmpty()) {
            options.several("actions").forEach(action -> wish.addActions(Grant.Action.valueOf(action)));
        }
        options.perhapsInstant("start").ifPresent(wish::setWindowStartTime);
        options.perhapsInstant("end").ifPresent(wish::setWindowEndTime);
        return wish.build();
    }

    private static Duration seconds(Options options) {
        return Duration.ofMillis(Math.round(options.number("seconds", 10) * 1000));
    }
}
