"""One step of the Pi-model according to PyTorch: test/trainer/training/piModel.json.

Loss, its terms, the gradient of every weight and the moving statistics afterwards. Weights and pictures, all views included, are drawn
(drawn.py). Of a gradient the fixture has the norm and the product with a drawn direction. In float64.

    python test/pytorch/pi_model.py > test/trainer/training/piModel.json
"""
import json

import numpy as np
import torch
import torch.nn.functional as F

from drawn import draw_images, draw_labels, draws, filled
from networks import still

CASES = [(network, height, width, target, batch) for network, height, width in (('resnet8', 20, 10), ('wrn28-2', 16, 16))
         for target in ('detached', 'attached') for batch in ('apart', 'joint')]
ROWS, UNLABELLED, CLASSES, WEIGHT = 4, 6, 10, 7.0


def trainer_name(path):
    """The trainer's name of a parameter or statistic."""
    layer, _, kind = path.rpartition('.')
    norm = layer.endswith('norm') or 'norm' in layer.split('.')[-1]
    kinds = {'weight': 'gamma' if norm else 'kernel', 'bias': 'beta' if norm else 'bias', 'running_mean': 'moving_mean', 'running_var': 'moving_variance'}
    return f"{layer.replace('.', '_')}/{kinds[kind]}"


def trainer_layout(tensor):
    values = tensor.detach().numpy()
    return values.transpose(2, 3, 1, 0) if values.ndim == 4 else values.T if values.ndim == 2 else values


def told(name, tensor):
    values = trainer_layout(tensor).flatten()
    return {'name': name, 'norm': float(np.linalg.norm(values)), 'along': float(values @ draws(f'along/{name}', values.size))}


def case(name, height, width, target, batch):
    network = filled(name, CLASSES).double().train()
    images, labels = draw_images(ROWS, height, width).double(), draw_labels(ROWS, CLASSES).double()
    view1, view2 = (draw_images(UNLABELLED, height, width, view).double() for view in ('view1', 'view2'))
    if batch == 'joint':
        logits = network(torch.cat([images, view1]))
        labelled, first = logits[:ROWS], logits[ROWS:]
    else:
        labelled, first = network(images), still(network, view1)
    second = still(network, view2).softmax(1)
    supervised = F.cross_entropy(labelled, labels)
    consistency = F.mse_loss(first.softmax(1), second.detach() if target == 'detached' else second)
    loss = supervised + WEIGHT * consistency
    loss.backward()
    return {
        'network': name, 'height': height, 'width': width, 'target': target, 'batch': batch,
        'loss': loss.item(), 'supervised': supervised.item(), 'unlabelled': consistency.item(),
        'gradients': [told(trainer_name(path), parameter.grad) for path, parameter in network.named_parameters()],
        'statistics': [told(trainer_name(path), buffer) for path, buffer in network.named_buffers() if not path.endswith('num_batches_tracked')],
    }


print(json.dumps({'torch': torch.__version__.split('+')[0], 'rows': ROWS, 'unlabelled': UNLABELLED, 'classes': CLASSES, 'weight': WEIGHT, 'cases': [case(*one) for one in CASES]}))
