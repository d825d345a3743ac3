package io.lispfabric.xtr.app;

import io.lispfabric.wire.Nonce;
import io.lispfabric.xtr.core.NonceCounter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one counter's reservation over restarts (RFC 9301 §5.6): sixteen hexadecimal digits,
 * replaced as a whole and forced to the disk.
 */
final class NonceFile implements NonceCounter.Reservation {
    private static final Logger LOG = LoggerFactory.getLogger(NonceFile.class);

    private final Path file;

    NonceFile(Path file) {
        this.file = file;
    }

    /** What was reserved before, if anything was. */
    Optional<Nonce> read() throws IOException {
        try {
            var text = Files.readString(file).strip();
            if (!text.matches("[0-9a-f]{16}")) {
                throw new IOException(file + " does not hold a nonce");
            }
            return Optional.of(new Nonce(Long.parseUnsignedLong(text, 16)));
        } catch (NoSuchFileException _) {
            return Optional.empty();
        }
    }

    /**
     * A disk that fails must not silence the xTR: its nonces go on growing, and after a restart
     * they begin at the clock, which is ahead of them too.
     */
    @Override
    public void upTo(Nonce nonce) {
        try {
            write(nonce);
        } catch (IOException e) {
            LOG.error("cannot keep nonces in {}", file, e);
        }
    }

    void write(Nonce nonce) throws IOException {
        var next = file.resolveSibling(file.getFileName() + ".next");
        try (var out =
                FileChannel.open(
                        next,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
            out.write(ByteBuffer.wrap((nonce + "\n").getBytes(StandardCharsets.US_ASCII)));
            out.force(true);
        }
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        var folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            try (var entry = FileChannel.open(folder, StandardOpenOption.READ)) {
                entry.force(true);
            }
        }
    }
}
