package io.lispfabric.cli;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.app.Settings;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.Function;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Which EID a command is about, and whom it asks: the same words in every command. */
final class Question {
    @Parameters(
            paramLabel = "EID",
            description = {
                "an address, a prefix, mac:… or name:…",
                "an Instance ID may stand before it, as in [100]10.0.0.7"
            })
    private String eid = "";

    @Option(
            names = {"-i", "--iid"},
            defaultValue = "0",
            paramLabel = "IID",
            description = "the Instance ID, 0 to 16777215 (default: 0)")
    private int iid;

    @Option(
            names = {"-m", "--map-server", "--map-resolver"},
            split = ",",
            defaultValue = "${env:LISPCTL_MAP_SERVER:-127.0.0.1}",
            paramLabel = "HOST[:PORT]",
            description =
                    "the Map-Resolver or Map-Server, several by commas (default: ${DEFAULT-VALUE})")
    private List<String> servers = List.of();

    /** The EID, or what is wrong with it as {@code usage} puts it. */
    Eid eid(Function<String, ParameterException> usage) {
        try {
            return Eid.parse(eid, new InstanceId(iid));
        } catch (IllegalArgumentException e) {
            throw usage.apply(String.valueOf(e.getMessage()));
        }
    }

    List<InetSocketAddress> servers(Function<String, ParameterException> usage) {
        try {
            return servers.stream()
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
     */
    static byte[] octets(MapRequest request, Sockets.Path path, boolean encapsulated) {
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
                        path.local(), destination, path.port(), Sockets.LISP_CONTROL, request));
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
