"""Makes the fixtures test/trainer/networks/keras/<keras2|keras3>: a model as tensorflowjs_converter writes it, and what Keras computes.

    pip install 'tensorflow-cpu<2.20' tf-keras tensorflow-hub h5py
    pip install --no-deps tensorflowjs
    TF_USE_LEGACY_KERAS=1 python test/keras/convert.py keras2; python test/keras/convert.py keras3

Made with TensorFlow 2.19.1, tf_keras 2.19.0, Keras 3.15.1 and tensorflowjs 4.22.0.
"""
import json
import pathlib
import sys
import types

import numpy as np
import tensorflow as tf

layers = tf.keras.layers
# The converter imports what only its other formats need.
for name in ['tensorflow_decision_forests', 'jax', 'jax.experimental', 'jax.experimental.jax2tf']:
    sys.modules[name] = types.ModuleType(name)
sys.modules['jax.experimental'].jax2tf = sys.modules['jax.experimental.jax2tf']
from tensorflowjs.converters import save_keras_model  # noqa: E402

folder = pathlib.Path(__file__).parent.parent / 'trainer/networks/keras' / sys.argv[1]


def functional():
    images = layers.Input((32, 32, 3), name='images')
    x = layers.ZeroPadding2D(((0, 1), (1, 0)), name='pad')(images)
    x = layers.Conv2D(8, 3, strides=2, use_bias=False, name='conv1')(x)
    x = layers.BatchNormalization(name='norm1')(x)
    x = layers.ReLU(6.0, name='relu1')(x)
    y = layers.DepthwiseConv2D(3, padding='same', name='depthwise')(x)
    y = layers.LeakyReLU(0.2, name='leaky')(y)
    y = layers.Conv2D(8, 1, padding='same', activation='swish', name='conv2')(y)
    x = layers.Add(name='sum')([x, y])
    x = layers.Concatenate(name='both')([layers.MaxPooling2D(2, name='largest')(x), layers.AveragePooling2D(2, name='mean')(x)])
    x = layers.GlobalAveragePooling2D(name='pool')(x)
    x = layers.Dense(12, activation='relu', name='hidden')(x)
    x = layers.Dropout(0.3, name='drop')(x)
    return tf.keras.Model(images, layers.Dense(5, activation='softmax', name='classes')(x), name='some')


def sequential():
    return tf.keras.Sequential([
        layers.Input((32, 32, 3), name='images'),
        layers.Conv2D(8, 3, padding='same', activation='elu', name='conv1'), layers.BatchNormalization(name='norm1'), layers.Activation('relu', name='relu1'),
        layers.DepthwiseConv2D(3, strides=2, padding='same', use_bias=False, name='depthwise'), layers.GlobalAveragePooling2D(name='pool'),
        layers.Dense(12, activation='tanh', name='hidden'), layers.Dense(5, name='classes'),
    ], name='some')


pixels = (np.arange(2 * 32 * 32 * 3) * 7919 % 251 / 125 - 1).astype('float32').reshape(2, 32, 32, 3)
for form, model in [('functional', functional()), ('sequential', sequential())]:
    random = np.random.default_rng(1)
    # Drawn anew: biases and statistics begin as zeros and ones, which would hide that they were lost.
    names = [weight.path if hasattr(weight, 'path') else weight.name for weight in model.weights]
    drawn = [random.normal(0, 0.5, weight.shape).astype('float32') for weight in model.weights]
    model.set_weights([value ** 2 + 0.5 if 'variance' in name else value for name, value in zip(names, drawn)])
    save_keras_model(model, str(folder / form))
    hidden = tf.keras.Model(model.inputs, model.get_layer('hidden').output)
    (folder / form / 'hidden.json').write_text(json.dumps(hidden.predict(pixels, verbose=0).tolist()) + '\n')
