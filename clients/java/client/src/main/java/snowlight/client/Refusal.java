package snowlight.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What the door says when it does not answer.
 *
 * @param reason stable: "camera.not_found"
 * @param retry when to come again; zero: it does not say
 */
record Refusal(Status.Code code, String reason, String message, List<String> fields, Duration retry) {
    /** Reads a call's error with its details (google.rpc). */
    static Refusal of(StatusRuntimeException error) {
        String reason = "";
        List<String> fields = new ArrayList<>();
        Duration retry = Duration.ZERO;
        var told = StatusProto.fromThrowable(error);
        try {
            for (Any detail : told.getDetailsList()) {
                if (detail.is(ErrorInfo.class)) {
                    reason = detail.unpack(ErrorInfo.class).getReason();
                } else if (detail.is(BadRequest.class)) {
                    detail.unpack(BadRequest.class).getFieldViolationsList().forEach(each -> fields.add(each.getField()));
                } else if (detail.is(RetryInfo.class)) {
                    var delay = detail.unpack(RetryInfo.class).getRetryDelay();
                    retry = Duration.ofSeconds(delay.getSeconds(), delay.getNanos());
                }
            }
        } catch (InvalidProtocolBufferException malformed) {
            throw new IllegalStateException("the error's details cannot be read", malformed);
        }
        return new Refusal(error.getStatus().getCode(), reason, told.getMessage(), List.copyOf(fields), retry);
    }

    /** The same call may succeed later, with nothing done about it. */
    boolean passes() {
        return code == Status.Code.UNAVAILABLE || !retry.isZero();
    }

    @Override
    public String toString() {
        String text = code + " " + reason + ": " + message;
        if (!fields.isEmpty()) {
            text += " (field " + String.join(", ", fields) + ")";
        }
        return retry.isZero() ? text : text + " (again in " + retry.toSeconds() + " s)";
    }
}
