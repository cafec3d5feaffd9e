package snowlight.verify;

/** The package is no evidence: what is wrong with it, with a stable code. */
final class EvidenceException extends Exception {
    private static final long serialVersionUID = 1;

    EvidenceException(String code, String message) {
        super(code + ": " + message);
    }
}
