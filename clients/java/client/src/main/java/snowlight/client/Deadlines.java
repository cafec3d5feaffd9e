package snowlight.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.MethodDescriptor;
import java.util.concurrent.TimeUnit;

/** A call with one answer waits for it so long. Streams go on for as long as they are read. */
final class Deadlines implements ClientInterceptor {
    private static final int LONGEST_ANSWER_S = 30;

    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
        boolean isLimited = method.getType() == MethodDescriptor.MethodType.UNARY && options.getDeadline() == null;
        return next.newCall(method, isLimited ? options.withDeadlineAfter(LONGEST_ANSWER_S, TimeUnit.SECONDS) : options);
    }
}
