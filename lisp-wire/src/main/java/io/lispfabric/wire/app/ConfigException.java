package io.lispfabric.wire.app;

/**
 * A setting that cannot be used; the message is one line for the operator and says where the
 * setting stands.
 */
public final class ConfigException extends Exception {
    private static final long serialVersionUID = 1;

    public ConfigException(String message) {
        super(message);
    }
}
