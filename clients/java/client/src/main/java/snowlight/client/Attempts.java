package snowlight.client;

import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;

/** Makes a call that breaks off again: after a second, and after twice as long each time that it brings nothing. */
final class Attempts {
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
    private static final int MOST = 8;

    /** One attempt, which begins where the one before ended. */
    interface Attempt {
        /** Returns at the call's end. Tells {@code progress} whenever it has got on. */
        void make(Runnable progress) throws IOException;
    }

    private Attempts() {}

    /** Returns once an attempt succeeds; throws when one is refused for good, or many have brought nothing. */
    static void keepOn(Attempt attempt) throws IOException, InterruptedException {
        Duration wait = PAUSE;
        int failures = 0;
        while (true) {
            boolean[] gotOn = {false};
            try {
                attempt.make(() -> gotOn[0] = true);
                return;
            } catch (StatusRuntimeException error) {
                Refusal why = Refusal.of(error);
                if (gotOn[0]) {
                    wait = PAUSE;
                    failures = 0;
                }
                failures++;
                if (!why.passes() || failures >= MOST) {
                    throw error;
                }
                wait = why.retry().isZero() ? wait : why.retry();
                System.out.printf("broken off: %s; again in %d s%n", why, wait.toSeconds());
                Thread.sleep(wait.toMillis());
                wait = wait.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? wait.multipliedBy(2) : LONGEST_PAUSE;
            }
        }
    }
}
