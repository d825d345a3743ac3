package io.lispfabric.cli;

import io.lispfabric.server.app.MapServer;
import io.lispfabric.server.app.ServerConfig;
import io.lispfabric.wire.app.ConfigException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A Map-Server and Map-Resolver, until it is told to stop. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false,
        description = {
            "Run a Map-Server and Map-Resolver: one member of a cluster, or one that stands alone.",
            "After 'lispctl rehearse' (a minute, once after each build) it starts warm.",
            "Exit code 2 for settings that cannot be used, 1 for a busy port or a bad disk."
        })
final class ServeCommand extends Service {
    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "the settings; 'lispctl config init ms' writes an example")
    private Optional<Path> config = Optional.empty();

    @Option(
            names = "--dev",
            description =
                    "without settings: on 127.0.0.1, one site that may register everything, and a"
                            + " new key")
    private boolean dev;

    @Option(
            names = "--data",
            paramLabel = "FOLDER",
            description = "with --dev: keep everything here (default: a folder that is removed)")
    private Optional<Path> data = Optional.empty();

    @Option(
            names = "--iid",
            split = ",",
            defaultValue = "0,1,2,3,100",
            paramLabel = "IID",
            description = "with --dev: the Instance IDs (default: ${DEFAULT-VALUE})")
    private List<Integer> iids = List.of();

    @Override
    public Integer call() throws CommandFailure {
        if (config.isPresent() == dev) {
            throw usage("either -c FILE or --dev is needed");
        }
        configureLogging();
        if (!dev) {
            return serve(load(config.get()), Optional.empty());
        }
        try (var folder = DevFolder.open(data)) {
            return serve(load(folder.settings(iids)), Optional.of(folder));
        }
    }

    private static ServerConfig load(Path file) throws CommandFailure {
        try {
            return ServerConfig.load(file);
        } catch (ConfigException e) {
            throw new CommandFailure(ExitCode.USAGE, String.valueOf(e.getMessage()), e);
        }
    }

    private int serve(ServerConfig settings, Optional<DevFolder> folder) throws CommandFailure {
        MapServer server;
        try {
            server = MapServer.start(settings, InstantSource.system());
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, "cannot serve: " + reason(e), e);
        }
        return run(new Member(settings, server, folder));
    }

    private static String reason(IOException e) {
        return e.getMessage() == null || e instanceof java.nio.file.FileSystemException
                ? e.toString()
                : e.getMessage();
    }

    private record Member(ServerConfig settings, MapServer server, Optional<DevFolder> folder)
            implements Running {
        @Override
        public Optional<String> unreadiness() {
            return server.unreadiness();
        }

        @Override
        public String readyLine() {
            return "ready: "
                    + settings.member()
                    + "   LISP "
                    + Sockets.text(server.lispAddress())
                    + "   API "
                    + text(server.adminAddress())
                    + "   HTTP "
                    + text(server.httpAddress())
                    + folder.map(it -> "   key 1 in " + it.keyFile()).orElse("");
        }

        @Override
        public Json.Obj readyJson() {
            var json =
                    Json.object()
                            .put("member", settings.member())
                            .put("lisp", Sockets.text(server.lispAddress()))
                            .put("api", text(server.adminAddress()))
                            .put("http", text(server.httpAddress()))
                            .put("data", settings.data().toString());
            folder.ifPresent(it ->
                    json.put("keyId", DevFolder.KEY_ID).put("keyFile", it.keyFile().toString()));
            return json;
        }

        @Override
        public void stop() {
            server.drain();
            server.close();
        }
    }
}
