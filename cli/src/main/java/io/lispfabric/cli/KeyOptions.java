package io.lispfabric.cli;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The secret shared with the Map-Server. It is read from a file: others can see a command line. */
final class KeyOptions {
    @Option(names = "--key-id", paramLabel = "N", description = "the Key ID, 0 to 255")
    private Optional<Integer> keyId = Optional.empty();

    @Option(
            names = "--key-file",
            paramLabel = "FILE",
            description = "the file with the secret; white space around it does not count")
    private Optional<Path> keyFile = Optional.empty();

    @Option(
            names = "--algorithm",
            paramLabel = "1|2|3",
            description =
                    "1 HMAC-SHA-1-96, 2 HMAC-SHA-256-128, 3 HMAC-SHA256-128+HKDF-SHA256"
                            + " (default: 3)")
    private Optional<Integer> algorithm = Optional.empty();

    @Option(
            names = "--legacy-length",
            description =
                    "send and take MACs that are not cut, for peers that want 20 or 32 octets")
    private boolean legacyLength;

    /** The algorithm to send with. */
    Algorithm algorithm(Function<String, ParameterException> usage) {
        int id = algorithm.orElse(Algorithm.HMAC_SHA256_128_HKDF.id());
        return Algorithm.of(id)
                .orElseThrow(() -> usage.apply("--algorithm is 1, 2 or 3, not " + id));
    }

    /** Octets of the MAC to send. */
    int length(Algorithm algorithm) {
        return legacyLength ? algorithm.fullLength() : algorithm.length();
    }

    /** A key for what is sent and for the answer to it. */
    SharedKey key(Function<String, ParameterException> usage) throws CommandFailure {
        return key(EnumSet.of(algorithm(usage)), usage);
    }

    /**
     * A key for what the Map-Server sends of itself: with the algorithm that was named, else with
     * any that is safe.
     */
    SharedKey keyToVerify(Function<String, ParameterException> usage) throws CommandFailure {
        return algorithm.isPresent()
                ? key(usage)
                : key(EnumSet.of(Algorithm.HMAC_SHA256_128, Algorithm.HMAC_SHA256_128_HKDF), usage);
    }

    private SharedKey key(Set<Algorithm> algorithms, Function<String, ParameterException> usage)
            throws CommandFailure {
        if (keyId.isEmpty() || keyFile.isEmpty()) {
            throw usage.apply(
                    "--key-id and --key-file are needed: only a MAC shows who sent a Map-Register"
                            + " or a Map-Notify");
        }
        try {
            var secret = Files.readString(keyFile.get()).strip().getBytes(StandardCharsets.UTF_8);
            // Whether a short secret is good enough is the Map-Server's to say, which keeps it too.
            return new SharedKey(keyId.get(), Bytes.of(secret), algorithms, legacyLength, true);
        } catch (IOException e) {
            throw new CommandFailure(
                    ExitCode.USAGE,
                    "cannot read the key file "
                            + keyFile.get()
                            + ": "
                            + e.getClass().getSimpleName(),
                    e);
        } catch (IllegalArgumentException e) {
            throw usage.apply(String.valueOf(e.getMessage()));
        }
    }
}
