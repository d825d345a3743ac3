@NullMarked
package io.lispfabric.wire.capture;

import org.jspecify.annotations.NullMarked;
