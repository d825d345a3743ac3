package io.lispfabric.cli;

import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A subscriber without a cache: prints what a Map-Server publishes about an EID (RFC 9437). */
@Command(
        name = "subscribe",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false,
        description = {
            "Subscribe to an EID (RFC 9437) and print every publication until Ctrl-C.",
            "With -o json, one JSON object a line. Ends its subscription when it ends."
        })
final class SubscribeCommand extends Subcommand {
    @Mixin private Question question = new Question();

    @Mixin private KeyOptions key = new KeyOptions();

    @Mixin private IdentityOptions identity = new IdentityOptions();

    @Option(names = "--no-ecm", description = "send the Map-Request bare, to the Map-Server itself")
    private boolean bare;

    @Option(
            names = "--count",
            paramLabel = "N",
            description = "end after N publications; the confirmation is not one")
    private Optional<Integer> count = Optional.empty();

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            description = "end after this time, such as 30s; with --count, exit code 4 then")
    private Optional<Duration> duration = Optional.empty();

    @Override
    public Integer call() throws CommandFailure {
        if (count.orElse(0) < 0) {
            throw usage("--count is not negative");
        }
        return new Subscribing(
                        this,
                        question.eid(this::usage),
                        question.server(this::usage),
                        identity,
                        key,
                        !bare,
                        count)
                .run(duration);
    }
}
