package io.lispfabric.cli;

/** Emphasis on a terminal, and nothing elsewhere. */
public record Ink(boolean colored) {
    /**
     * Whether standard output is a terminal, which the launcher knows, and nobody has set {@code
     * NO_COLOR}.
     */
    static boolean isTerminal() {
        return Boolean.getBoolean("lispctl.terminal")
                && System.getenv().getOrDefault("NO_COLOR", "").isEmpty();
    }

    public String bold(String text) {
        return code("1", text);
    }

    public String good(String text) {
        return code("32", text);
    }

    public String bad(String text) {
        return code("31", text);
    }

    private String code(String code, String text) {
        return colored ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
    }
}
