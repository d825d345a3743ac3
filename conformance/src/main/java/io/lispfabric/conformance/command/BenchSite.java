package io.lispfabric.conformance.command;

import io.lispfabric.cli.CommandFailure;
import io.lispfabric.cli.SecretFile;
import io.lispfabric.lcaf.Bytes;
import io.lispfabric.wire.SiteId;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The site that the xTRs of a bench are of. */
final class BenchSite {
    @Option(
            names = "--site-id",
            paramLabel = "N",
            defaultValue = "0",
            description = "the Site-ID of their site (default: 0)")
    private long siteId;

    @Option(
            names = "--key-file",
            paramLabel = "FILE",
            required = true,
            description = "secret of key 1 of that site")
    private Path keyFile = Path.of("");

    SiteId id() {
        return new SiteId(siteId);
    }

    /**
     * The secret of key 1.
     *
     * @throws CommandFailure if it cannot be read
     */
    Bytes secret() throws CommandFailure {
        return SecretFile.read(keyFile);
    }
}
