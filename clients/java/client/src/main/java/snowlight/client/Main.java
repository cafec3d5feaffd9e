package snowlight.client;

import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import snowlight.api.access.v1.CamerasGrpc;
import snowlight.api.access.v1.EvidenceGrpc;
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
              live       -camera CAMERA -seconds N -out FILE.mp4
              timeline   -camera CAMERA -start INSTANT -end INSTANT
              recording  -camera CAMERA -start INSTANT -end INSTANT -out FILE.mp4
              export     -camera CAMERA[,CAMERA] -start INSTANT -end INSTANT -out FILE.zip
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
        var channel = connection.channel();
        var statements = connection.statements();
        switch (options.command()) {
            case "regions", "cameras" -> {
                Cameras cameras = new Cameras(CamerasGrpc.newBlockingStub(channel).withCallCredentials(statements));
                if (options.command().equals("regions")) {
                    cameras.printRegions();
                } else {
                    cameras.print(options.optional("region", ""), options.optional("filter", ""));
                }
            }
            case "live", "timeline", "recording" -> {
                Pictures pictures = new Pictures(
                        MediaGrpc.newBlockingStub(channel).withCallCredentials(statements), options.required("camera"));
                switch (options.command()) {
                    case "live" -> {
                        double seconds = Double.parseDouble(options.optional("seconds", "10"));
                        pictures.watchLive(options.file("out"), Duration.ofMillis(Math.round(seconds * 1000)));
                    }
                    case "timeline" -> pictures.printTimeline(options.instant("start"), options.instant("end"));
                    default -> pictures.streamRecording(
                            options.file("out"), options.instant("start"), options.instant("end"));
                }
            }
            case "export" -> {
                Exports exports = new Exports(EvidenceGrpc.newBlockingStub(channel).withCallCredentials(statements));
                List<String> cameras = List.of(options.required("camera").split(","));
                exports.export(cameras, options.instant("start"), options.instant("end"), options.file("out"));
            }
            default -> throw new IllegalArgumentException("no command \"" + options.command() + "\"\n" + USAGE);
        }
    }
}
