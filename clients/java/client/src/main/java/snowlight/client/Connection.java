package snowlight.client;

import io.grpc.CallCredentials;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.concurrent.TimeUnit;

/** The one connection that all calls share. {@code statements}: names the officer; null for nobody. */
record Connection(ManagedChannel channel, CallCredentials statements) implements AutoCloseable {
    /** What one message may have: a key frame of a large picture is more than gRPC's usual 4 MB. */
    private static final int LARGEST = 32 << 20;
    /** Pings tell that a door which is silent is still there. It sends away who pings more often than each 10 s. */
    private static final int PING_EACH_S = 30;

    private static final int PING_ANSWERED_S = 10;

    /**
     * Connects by mutual TLS.
     *
     * @param authority who vouches for the door's certificate, PEM
     * @param certificate the client's chain, PEM
     * @param key its key, PEM, PKCS #8
     */
    static Connection open(String address, Path authority, Path certificate, Path key, Officer officer)
            throws IOException, GeneralSecurityException {
        var credentials = TlsChannelCredentials.newBuilder()
                .trustManager(authority.toFile())
                .keyManager(certificate.toFile(), key.toFile())
                .build();
        ManagedChannel channel = Grpc.newChannelBuilder(address, credentials)
                .maxInboundMessageSize(LARGEST)
                .keepAliveTime(PING_EACH_S, TimeUnit.SECONDS)
                .keepAliveTimeout(PING_ANSWERED_S, TimeUnit.SECONDS)
                .intercept(new Deadlines())
                .build();
        return new Connection(channel, officer.named() ? new Statements(officer, readKey(key)) : null);
    }

    private static PrivateKey readKey(Path file) throws IOException, GeneralSecurityException {
        String body = Files.readString(file).replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body)));
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
