package io.lispfabric.cli;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** A subscriber without a cache: prints what a Map-Server publishes about an EID (RFC 9437). */
final class SubscribeCommand extends Subcommand {
    private final Question question = Question.ofOne();

    private final KeyOptions key = new KeyOptions();

    private final IdentityOptions identity = new IdentityOptions();

    private final ProtectionOptions protecting = new ProtectionOptions();

    private final OptionSpec bare =
            Options.flag("--no-ecm", "send the Map-Request bare, to the Map-Server itself");

    private final OptionSpec count =
            Options.option("N", "end after N publications; the confirmation is not one", "--count")
                    .type(Integer.class)
                    .build();

    private final OptionSpec duration =
            Options.option(
                            "TIME",
                            "end after this time, such as 30s; with --count, exit code 4 then",
                            "--duration")
                    .type(Duration.class)
                    .build();

    CommandSpec spec() {
        var spec =
                Options.command(
                        this,
                        "subscribe",
                        "Subscribe to an EID (RFC 9437) and print every publication until Ctrl-C.",
                        "To what is not registered it is a temporary subscription to the whole hole"
                                + " around the EID (RFC 9437): what is registered anywhere in it is"
                                + " published, other EIDs too.",
                        "What is told is authenticated with the site's key, or with --lisp-sec-key-file by"
                                + " the security association that the Map-Request makes (RFC 9437).",
                        "With -o json, one JSON object a line. Ends its subscription when it ends.");
        question.addTo(spec);
        List.of(bare, count, duration).forEach(spec::addOption);
        protecting.addTo(spec);
        key.addTo(spec);
        identity.addTo(spec);
        return known(spec);
    }

    @Override
    public Integer call() throws CommandFailure {
        var wanted = Optional.<Integer>ofNullable(count.getValue());
        if (wanted.orElse(0) < 0) {
            throw usage("--count is not negative");
        }
        boolean encapsulated = !bare.<Boolean>getValue();
        return new Subscribing(
                        this,
                        question.eid(this::usage),
                        question.server(this::usage),
                        identity,
                        key,
                        protecting.protection(encapsulated, this::usage),
                        encapsulated,
                        wanted)
                .run(Optional.ofNullable(duration.getValue()));
    }
}
