package io.lispfabric.cli;

import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.SharedKey;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** The secret that ITRs share with a Map-Resolver; it is none of a site's (RFC 9303 §6.5). */
final class ProtectionOptions {
    private final OptionSpec keyId =
            Options.option("N", "its Key ID, 0 to 255", "--lisp-sec-key-id")
                    .type(Integer.class)
                    .build();

    private final OptionSpec keyFile =
            Options.option(
                            "FILE",
                            "protect the Map-Request (RFC 9303) and believe only an answer that is"
                                    + " signed: the file with the secret of ITRs, which the"
                                    + " Map-Resolver has under lisp-sec",
                            "--lisp-sec-key-file")
                    .type(String.class)
                    .build();

    void addTo(CommandSpec spec) {
        List.of(keyFile, keyId).forEach(spec::addOption);
    }

    boolean isWanted() {
        return keyId.getValue() != null || keyFile.getValue() != null;
    }

    /**
     * How to protect what is asked, if that is wanted.
     *
     * @param encapsulated whether it goes in an ECM, which has the room for it
     */
    Optional<Protection> protection(
            boolean encapsulated, Function<String, ParameterException> usage)
            throws CommandFailure {
        if (!isWanted()) {
            return Optional.empty();
        }
        var id = Optional.<Integer>ofNullable(keyId.getValue());
        var file = Optional.<String>ofNullable(keyFile.getValue());
        if (id.isEmpty() || file.isEmpty()) {
            throw usage.apply("--lisp-sec-key-id and --lisp-sec-key-file go together");
        }
        if (!encapsulated) {
            throw usage.apply("only an ECM can be protected (RFC 9303 §6.4): not with --no-ecm");
        }
        var algorithms = EnumSet.of(Algorithm.HMAC_SHA256_128_HKDF);
        var key =
                KeyOptions.read(
                        file.get(),
                        "for LISP-SEC: ",
                        secret -> new SharedKey(id.get(), secret, algorithms, false, true),
                        usage);
        return Optional.of(new Protection(key));
    }
}
