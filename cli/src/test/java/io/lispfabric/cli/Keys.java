package io.lispfabric.cli;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;

/** The secret that a test and its peer share. */
final class Keys {
    static final String SECRET = "0123456789abcdef0123456789abcdef";

    /** The peer's side of it, for all algorithms, MACs cut or not. */
    static final SharedKey KEY = key(SECRET);

    private Keys() {}

    static SharedKey key(String secret) {
        return new SharedKey(
                7,
                Bytes.of(secret.getBytes(StandardCharsets.US_ASCII)),
                EnumSet.allOf(Algorithm.class),
                true,
                true);
    }

    static Path file(Path folder) throws IOException {
        var file = Files.writeString(folder.resolve("key"), SECRET + "\n");
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }
}
