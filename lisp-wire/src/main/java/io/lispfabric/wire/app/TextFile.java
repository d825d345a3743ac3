package io.lispfabric.wire.app;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;

/** Files that a user names: small texts. Whatever else they turn out to be is said in words. */
public final class TextFile {
    private TextFile() {}

    /**
     * The text of an ordinary file.
     *
     * @param most how many octets it may have
     * @throws IOException whose message says what is wrong with it, such as {@code there is no such
     *     file}
     */
    public static String read(Path file, int most) throws IOException {
        if (Files.isDirectory(file)) {
            throw new IOException("it is a folder");
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new IOException("it is no ordinary file"); // a pipe might never end
        }
        return readAny(file, most);
    }

    /** The same of whatever can be read, such as {@code /dev/stdin}. */
    public static String readAny(Path file, int most) throws IOException {
        if (!Files.exists(file)) {
            throw new IOException(
                    Files.isSymbolicLink(file)
                            ? "it is a symbolic link to no file"
                            : "there is no such file");
        }
        if (Files.isDirectory(file)) {
            throw new IOException("it is a folder");
        }
        try (var in = Files.newInputStream(file)) {
            var octets = in.readNBytes(most + 1);
            if (octets.length > most) {
                throw new IOException("it has more than " + most + " octets");
            }
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(octets)).toString();
        } catch (AccessDeniedException e) {
            throw new IOException("it may not be read", e);
        } catch (CharacterCodingException e) {
            throw new IOException("it is no text in UTF-8", e);
        }
    }

    /**
     * The secret that a file holds, without the white space around it.
     *
     * @throws IOException as of {@link #readAny}
     */
    public static byte[] secret(Path file) throws IOException {
        return readAny(file, MOST_SECRET).strip().getBytes(StandardCharsets.UTF_8);
    }

    /** Whether every user of this host may read a file; false where files have no such rights. */
    static boolean isOpenToAll(Path file) {
        try {
            return Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ);
        } catch (IOException | UnsupportedOperationException _) {
            // Nothing to warn of: a file that is not there is complained of where it is read.
            return false;
        }
    }

    /** No secret is longer. */
    static final int MOST_SECRET = 4096;
}
