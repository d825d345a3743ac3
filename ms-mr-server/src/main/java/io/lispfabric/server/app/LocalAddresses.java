package io.lispfabric.server.app;

import io.lispfabric.lcaf.LispAddress.Ip;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.Set;
import java.util.stream.Collectors;

/** The addresses of this host, looked up now and then. */
final class LocalAddresses {
    private volatile Set<Ip> addresses = Set.of();

    LocalAddresses() {
        refresh();
    }

    void refresh() {
        try {
            addresses =
                    NetworkInterface.networkInterfaces()
                            .flatMap(NetworkInterface::inetAddresses)
                            .map(Ip::of)
                            .collect(Collectors.toUnmodifiableSet());
        } catch (SocketException _) {
            // The old ones are as good as any.
        }
    }

    boolean contains(Ip ip) {
        return ip.toInetAddress().isLoopbackAddress() || addresses.contains(ip);
    }
}
