package io.lispfabric.cli;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.wire.app.TextFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Set;

/** A secret in a file. */
public final class SecretFile {
    /** 32 letters, so 32 octets: what RFC 4868 §2.1.1 wants for HMAC-SHA-256-128. */
    private static final int RANDOM_OCTETS = 16;

    private SecretFile() {}

    /**
     * What the file holds, without the white space around it.
     *
     * @throws CommandFailure if it cannot be read, saying why
     */
    public static Bytes read(Path file) throws CommandFailure {
        try {
            return Bytes.of(TextFile.secret(file));
        } catch (IOException e) {
            throw new CommandFailure(
                    ExitCode.USAGE, "cannot read the key file " + file + ": " + e.getMessage(), e);
        }
    }

    /**
     * A new one, that only its owner can read, from the first moment on.
     *
     * @throws java.nio.file.FileAlreadyExistsException rather than lose the secret that is there
     */
    static void write(Path file) throws IOException {
        var random = new byte[RANDOM_OCTETS];
        new SecureRandom().nextBytes(random);
        var text = HexFormat.of().formatHex(random) + "\n";
        try (var channel =
                Files.newByteChannel(
                        file,
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")))) {
            channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
        }
    }
}
