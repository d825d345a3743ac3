/**
 * Reads the manifests as a cluster would get them. Start at {@link
 * io.lispfabric.k8s.DevOverlayTest}.
 */
@NullMarked
package io.lispfabric.k8s;

import org.jspecify.annotations.NullMarked;
