package io.lispfabric.cli;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.SharedKey;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** The secret shared with the Map-Server. It is read from a file: others can see a command line. */
final class KeyOptions {
    private final OptionSpec keyId =
            Options.option("N", "the Key ID, 0 to 255", "--key-id").type(Integer.class).build();

    private final OptionSpec keyFile =
            Options.option(
                            "FILE",
                            "the file with the secret; white space around it does not count",
                            "--key-file")
                    .type(String.class)
                    .build();

    private final OptionSpec algorithm =
            Options.option(
                            "1|2|3",
                            "1 HMAC-SHA-1-96, 2 HMAC-SHA-256-128, 3 HMAC-SHA256-128+HKDF-SHA256"
                                    + " (default: 3)",
                            "--algorithm")
                    .type(Integer.class)
                    .build();

    private final OptionSpec legacyLength =
            Options.flag(
                    "--legacy-length",
                    "send and take MACs that are not cut, for peers that want 20 or 32 octets");

    void addTo(CommandSpec spec) {
        List.of(keyId, keyFile, algorithm, legacyLength).forEach(spec::addOption);
    }

    /** The algorithm to send with. */
    Algorithm algorithm(Function<String, ParameterException> usage) {
        int id =
                Optional.ofNullable(algorithm.<Integer>getValue())
                        .orElse(Algorithm.HMAC_SHA256_128_HKDF.id());
        return Algorithm.of(id)
                .orElseThrow(() -> usage.apply("--algorithm is 1, 2 or 3, not " + id));
    }

    /** Octets of the MAC to send. */
    int length(Algorithm algorithm) {
        return legacyLength.<Boolean>getValue() ? algorithm.fullLength() : algorithm.length();
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
        return algorithm.getValue() != null
                ? key(usage)
                : key(EnumSet.of(Algorithm.HMAC_SHA256_128, Algorithm.HMAC_SHA256_128_HKDF), usage);
    }

    private SharedKey key(Set<Algorithm> algorithms, Function<String, ParameterException> usage)
            throws CommandFailure {
        var id = Optional.<Integer>ofNullable(keyId.getValue());
        var file = Optional.<String>ofNullable(keyFile.getValue());
        if (id.isEmpty() || file.isEmpty()) {
            throw usage.apply(
                    "--key-id and --key-file are needed: only a MAC shows who sent a Map-Register"
                            + " or a Map-Notify");
        }
        return read(
                file.get(),
                "",
                secret ->
                        new SharedKey(
                                id.get(),
                                secret,
                                algorithms,
                                legacyLength.<Boolean>getValue(),
                                true),
                usage);
    }

    /**
     * A key of the secret in a file. Whether a short one is good enough is the server's to say,
     * which keeps it too.
     *
     * @param about begins what is said of a secret that makes no key
     */
    static SharedKey read(
            String file,
            String about,
            Function<Bytes, SharedKey> key,
            Function<String, ParameterException> usage)
            throws CommandFailure {
        var secret = SecretFile.read(Path.of(file));
        try {
            return key.apply(secret);
        } catch (IllegalArgumentException e) {
            throw usage.apply(about + e.getMessage());
        }
    }
}
