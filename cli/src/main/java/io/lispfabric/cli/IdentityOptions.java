package io.lispfabric.cli;

import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** Which xTR we are to the mapping system. */
final class IdentityOptions {
    /** "lispctl" and a zero octet: no agent has an xTR-ID that begins so. */
    private static final long OURS = 0x6c69_7370_6374_6c00L;

    private final OptionSpec xtrId =
            Options.option(
                            "HEX",
                            "the xTR-ID, up to 32 hexadecimal digits (default: one of this host, or of this run where nothing is registered)",
                            "--xtr-id")
                    .type(String.class)
                    .build();

    private final OptionSpec siteId =
            Options.option("N", "the Site-ID (default: ${DEFAULT-VALUE})", "--site-id")
                    .type(String.class)
                    .defaultValue("0")
                    .build();

    void addTo(CommandSpec spec) {
        spec.addOption(xtrId).addOption(siteId);
    }

    /** The ids that were given; where none was, the host's own, the same at every run. */
    XtrIdentity ofHost(LispAddress.Ip local, Function<String, ParameterException> usage) {
        long host =
                switch (local) {
                    case LispAddress.Ipv4(var value) -> value & 0xFFFF_FFFFL;
                    case LispAddress.Ipv6(var high, var low) -> high ^ low;
                };
        return of(new XtrId(OURS, host), usage);
    }

    /** The ids that were given; where none was, one that only this run has. */
    XtrIdentity ofRun(long random, Function<String, ParameterException> usage) {
        return of(new XtrId(OURS, random), usage);
    }

    private XtrIdentity of(XtrId unless, Function<String, ParameterException> usage) {
        try {
            return new XtrIdentity(
                    Optional.<String>ofNullable(xtrId.getValue()).map(XtrId::parse).orElse(unless),
                    new SiteId(Long.parseUnsignedLong(siteId.getValue())));
        } catch (NumberFormatException _) {
            throw usage.apply(
                    "--site-id is a number of at most 64 bits, not '" + siteId.getValue() + "'");
        } catch (IllegalArgumentException e) {
            throw usage.apply("--xtr-id: " + e.getMessage());
        }
    }
}
