package io.lispfabric.cli;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.app.Settings;
import io.lispfabric.wire.auth.Guard;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;

/** Which EID a command is about, and whom it asks: the same words in every command. */
final class Question {
    private final PositionalParamSpec eid =
            PositionalParamSpec.builder()
                    .required(true)
                    .paramLabel("EID")
                    .type(String.class)
                    .arity("1")
                    .index("0")
                    .description(
                            "an address, a prefix, mac:…, name:… or a group as in '(*,239.1.1.1)'",
                            "an Instance ID may stand before it, as in [100]10.0.0.7")
                    .build();

    private final OptionSpec iid =
            Options.option("IID", "the Instance ID, 0 to 16777215 (default: 0)", "-i", "--iid")
                    .type(Integer.class)
                    .build();

    private final OptionSpec servers;

    private Question(String whom, Class<?> type) {
        var option =
                Options.option(
                                "HOST[:PORT]",
                                "the " + whom + " (default: ${DEFAULT-VALUE})",
                                "-m",
                                "--map-server",
                                "--map-resolver")
                        .type(type)
                        .defaultValue(
                                System.getenv().getOrDefault("LISPCTL_MAP_SERVER", "127.0.0.1"));
        servers = (type.isArray() ? option.splitRegex(",") : option).build();
    }

    /** For a command that asks one after another until somebody answers. */
    static Question ofSeveral() {
        return new Question("Map-Resolver or Map-Server, several by commas", String[].class);
    }

    /** For a command that talks with one Map-Server, and with {@link #server} gets it. */
    static Question ofOne() {
        return new Question("Map-Server", String.class);
    }

    void addTo(CommandSpec spec) {
        spec.addPositional(eid).addOption(servers).addOption(iid);
    }

    /** The EID, or what is wrong with it as {@code usage} puts it. */
    Eid eid(Function<String, ParameterException> usage) {
        try {
            var named = Optional.<Integer>ofNullable(iid.getValue()).map(InstanceId::new);
            var parsed = Eid.parse(eid.getValue(), named.orElse(InstanceId.DEFAULT));
            if (named.isPresent() && !parsed.iid().equals(named.get())) {
                throw new IllegalArgumentException(
                        eid.getValue() + " has another Instance ID than -i " + named.get());
            }
            checkBeyondLength(eid.getValue(), parsed);
            return parsed;
        } catch (IllegalArgumentException e) {
            throw usage.apply(String.valueOf(e.getMessage()));
        }
    }

    /** Whoever writes an address of a prefix may mean either of them. */
    private static void checkBeyondLength(String text, Eid parsed) {
        var address = parsed.prefix().address();
        int slash = text.indexOf('/');
        if (slash > 0
                && (address instanceof LispAddress.Ip || address instanceof LispAddress.Mac)
                && !Eid.parse(text.substring(0, slash), parsed.iid())
                        .prefix()
                        .address()
                        .equals(address)) {
            throw new IllegalArgumentException(
                    text + " has bits beyond its length; the prefix is " + parsed.prefix());
        }
    }

    List<InetSocketAddress> servers(Function<String, ParameterException> usage) {
        String[] texts =
                servers.getValue() instanceof String one ? one.split(",", -1) : servers.getValue();
        try {
            return Arrays.stream(texts)
                    .map(it -> Settings.socketAddress(it.strip(), Sockets.LISP_CONTROL))
                    .toList();
        } catch (IllegalArgumentException e) {
            throw usage.apply("-m " + e.getMessage());
        }
    }

    /** The one Map-Server of commands that cannot talk to several. */
    InetSocketAddress server(Function<String, ParameterException> usage) {
        var all = servers(usage);
        if (all.size() != 1) {
            throw usage.apply("-m takes one Map-Server here, not " + all.size());
        }
        return all.getFirst();
    }

    /**
     * The octets that carry a question to a mapping system: inside an ECM, as whoever asks a
     * Map-Resolver must (RFC 9301 §5.8), or bare.
     *
     * @param guard what protects it, in the ECM (RFC 9303 §6.4)
     */
    static byte[] octets(
            MapRequest request, Sockets.Path path, boolean encapsulated, Optional<Guard> guard) {
        if (!encapsulated) {
            return LispCodec.encode(request);
        }
        // The inner destination is the EID. One that is no IP address, or of another family than
        // we have, cannot be; the Map-Resolver itself stands in for it.
        var asked = request.records().getFirst().eid().prefix().address();
        var peer = LispAddress.Ip.of(path.peer().getAddress());
        var destination =
                asked instanceof LispAddress.Ip ip && ip.afi() == path.local().afi() ? ip : peer;
        return LispCodec.encode(
                EncapsulatedControlMessage.of(
                                path.local(),
                                destination,
                                path.port(),
                                Sockets.LISP_CONTROL,
                                request)
                        .with(guard.map(it -> it.data(request.nonce()))));
    }

    /** Whether an answer about {@code told} is one about {@code asked}. */
    static boolean concerns(Eid told, Eid asked) {
        return told.covers(asked) || asked.covers(told);
    }

    /** {@code [1] 40.0.0.7/32}. */
    static String text(Eid eid) {
        return "[" + eid.iid() + "] " + eid.prefix();
    }

    /** The prefix alone: the word that a script compares with. */
    static String prefix(EidPrefix prefix) {
        return prefix.toString();
    }
}
