package snowlight.client;

/** Who acts, and what for. */
record Officer(String number, String unit, String incident) {
    boolean named() {
        return !number.isEmpty();
    }
}
